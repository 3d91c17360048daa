//! Exchange with other programs: exported networks and embeddings, initial weights, new images.

use std::fs::File;

use dml::evaluation::{read_embeddings, read_labels};
use dml::model::read_tensors;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use tch::{CModule, Kind, Tensor};

use crate::user::User;

const SMALL: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 1\nbatch = 64\n\
                     [tsne]\nperplexity = 8.0\niterations = 60\n";

/// A user with one trained and evaluated run.
fn user() -> User {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--loss", "supcon", "--name", "mine"]);
    user.succeeds(&["eval", "--run", "runs/mine"]);
    user
}

/// The rows of a CSV from a column on, sorted.
fn rows(csv: &str, from: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split(',').skip(from).map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = csv.lines().skip(1).map(cells).collect();
    rows.sort();
    rows
}

#[test]
fn new_images_with_or_without_labels_are_embedded_as_in_an_evaluation() {
    let user = user();
    let (out, err) = user.succeeds(&["embed", "small.csv", "--run", "runs/mine", "--out", "a.csv"]);
    assert!(out.starts_with("600 embeddings of 10 numbers") && err.contains("engine: "), "{out}");
    user.succeeds(&["export", "runs/mine", "--format", "csv", "--out", "b.csv"]);
    assert_eq!(rows(&user.reads_text("a.csv"), 1), rows(&user.reads_text("b.csv"), 3));
    let labels = ["embed", "small.csv", "--out", "a.npy", "--labels-out", "labels.npy"];
    user.succeeds(&labels);
    let csv = user.reads_text("small.csv");
    let bare: Vec<&str> = csv.lines().map(|line| line.split_once(',').unwrap().1).collect();
    user.writes("bare.csv", &(bare.join("\n") + "\n"));
    user.succeeds(&["embed", "bare.csv", "--out", "bare.npy"]);
    assert_eq!(user.reads("bare.npy"), user.reads("a.npy"));
    let evaluated = ["eval", "--embeddings", "a.npy", "--labels", "labels.npy"];
    assert!(user.succeeds(&evaluated).0.contains("each of 600 against all others"));
    let message = user.fails(1, &["embed", "bare.csv", "--out", "c.npy", "--labels-out", "l.npy"]);
    assert!(message.contains("bare.csv: has no labels; omit --labels-out"), "{message}");
    let message = user.fails(1, &["embed", "small.csv", "--out", "c.txt"]);
    assert!(message.contains("--out = c.txt: must end in .npy, .csv or .parquet"), "{message}");
    user.writes("tiny.csv", "label,a,b,c,d\n1,0,0,0,0\n");
    let message = user.fails(1, &["embed", "tiny.csv", "--out", "c.npy"]);
    assert!(
        message.contains("tiny.csv has images of 2×2, but the run was trained on 28×28"),
        "{message}"
    );
    user.writes("odd.csv", csv.replacen(",0,", ",x,", 1));
    assert!(user.fails(1, &["embed", "odd.csv", "--out", "c.npy"]).contains("odd.csv, line "));
}

/// The rows of a Parquet file: the columns of other types, and the float32 columns as bits.
fn parquet(user: &User, name: &str) -> Vec<(Vec<Field>, Vec<u32>)> {
    let reader = SerializedFileReader::new(File::open(user.path(name)).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns());
    rows.map(|row| {
        let (mut first, mut bits) = (Vec::new(), Vec::new());
        for (_, field) in row {
            match field {
                Field::Float(number) => bits.push(number.to_bits()),
                other => first.push(other),
            }
        }
        (first, bits)
    })
    .collect()
}

/// The rows of a NumPy array, as bits.
fn bits(user: &User, name: &str) -> Vec<Vec<u32>> {
    let rows = read_embeddings(&user.path(name)).unwrap();
    rows.outer_iter().map(|row| row.iter().map(|n| n.to_bits()).collect()).collect()
}

#[test]
fn parquet_tables_equal_the_arrays_bit_for_bit() {
    let user = user();
    user.succeeds(&["export", "runs/mine", "--format", "npy", "--out", "arrays"]);
    user.succeeds(&["export", "runs/mine", "--format", "parquet", "--out", "all.parquet"]);
    let (mut expected, mut embeddings) = (Vec::new(), Vec::new());
    for part in ["train", "val"] {
        embeddings.extend(bits(&user, &format!("arrays/embeddings_{part}.npy")));
        let labels = read_labels(&user.path(&format!("arrays/labels_{part}.npy"))).unwrap();
        expected.extend(labels.into_iter().map(|label| (Field::Str(part.to_owned()), label)));
    }
    let found = parquet(&user, "all.parquet");
    assert_eq!(found.len(), 600);
    for ((row, expected), embedding) in found.into_iter().zip(expected).zip(embeddings) {
        let (part, label) = expected;
        let class = Field::Str(label.to_string());
        assert_eq!(row, (vec![part, Field::Long(label), class], embedding));
    }
    user.succeeds(&["embed", "small.csv", "--out", "new.npy"]);
    user.succeeds(&["embed", "small.csv", "--out", "new.parquet"]);
    let csv = user.reads_text("small.csv");
    let label = |line: &str| Field::Long(line.split(',').next().unwrap().parse().unwrap());
    let labels: Vec<Field> = csv.lines().skip(1).map(label).collect();
    let embeddings = bits(&user, "new.npy");
    let expected = labels.into_iter().map(|label| vec![label]).zip(embeddings);
    assert_eq!(parquet(&user, "new.parquet"), expected.collect::<Vec<_>>());
}

#[test]
fn an_exported_network_embeds_any_number_of_images_as_the_run_does() {
    let user = user();
    let export = |format: &str, out: &str| {
        user.succeeds(&["export", "runs/mine", "--format", format, "--out", out]);
    };
    export("torchscript", "mine.pt");
    export("npy", "arrays");
    let csv = user.reads_text("small.csv");
    let pixel = |cell: &str| cell.parse::<f32>().unwrap() / 255.0;
    let image = |line: &str| line.split(',').skip(1).map(pixel).collect::<Vec<f32>>();
    let images: Vec<f32> = csv.lines().skip(1).take(50).flat_map(image).collect();
    let images = Tensor::from_slice(&images).view([50, 1, 28, 28]);
    let network = CModule::load(user.path("mine.pt")).unwrap();
    let z = network.forward_ts(&[&images]).unwrap();
    // The loss normalises, so the run's own embeddings have length 1.
    let z = &z / z.norm_scalaropt_dim(2.0, [1i64], true);
    user.succeeds(&["embed", "small.csv", "--out", "a.csv"]);
    let own: Vec<f32> = user
        .reads_text("a.csv")
        .lines()
        .skip(1)
        .take(50)
        .flat_map(|line| {
            line.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect::<Vec<f32>>()
        })
        .collect();
    let own = Tensor::from_slice(&own).view([50, 10]);
    let difference = (z - own).abs().max().to_kind(Kind::Double).double_value(&[]);
    assert!(difference < 1e-5, "{difference}");
    assert!(user.path("arrays/embeddings_train.npy").exists());
    assert!(user.path("arrays/labels_val.npy").exists());
    let wrong = user.fails(2, &["export", "runs/mine", "--format", "onnx", "--out", "x"]);
    assert!(wrong.contains("torchscript"), "{wrong}");
}

#[test]
fn training_starts_from_the_weights_of_a_file_whatever_its_name() {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    let long = ["--loss", "cross-entropy", "--epochs", "4", "--name", "mine"];
    user.succeeds(&[&["train", "--config", "small.toml"][..], &long].concat());
    user.succeeds(&["export", "runs/mine", "--format", "safetensors", "--out", "w.safetensors"]);
    let train = ["train", "--config", "small.toml", "--loss", "cross-entropy", "--init"];
    let (first, _) = user.succeeds(&[&train[..], &["w.safetensors"]].concat());
    let name = |out: &str| out.lines().find(|l| l.starts_with("run  ")).unwrap().to_owned();
    std::fs::rename(user.path("w.safetensors"), user.path("v.safetensors")).unwrap();
    let again = user.fails(1, &[&train[..], &["v.safetensors"]].concat());
    assert!(again.contains("is trained already"), "the same weights make the same run: {again}");
    let (random, _) =
        user.succeeds(&["train", "--config", "small.toml", "--loss", "cross-entropy"]);
    assert_ne!(name(&first), name(&random));
    // Weights trained on these images start with a lower loss than random ones.
    let loss = |out: &str| -> f64 {
        let folder = name(out).split_whitespace().nth(1).unwrap().to_owned();
        let history = user.reads_text(&format!("{folder}/history.csv"));
        history.lines().nth(1).unwrap().split(',').nth(1).unwrap().parse().unwrap()
    };
    assert!(loss(&first) < loss(&random) - 0.1, "{} {}", loss(&first), loss(&random));
    let missing = user.fails(1, &[&train[..], &["none.safetensors"]].concat());
    assert!(missing.contains("none.safetensors: file not found"), "{missing}");
    user.writes("text.safetensors", "no tensors");
    let wrong = user.fails(1, &[&train[..], &["text.safetensors"]].concat());
    assert!(wrong.contains("text.safetensors: is not an intact safetensors file"), "{wrong}");
    assert!(wrong.contains("--init takes a safetensors file of this network"), "{wrong}");
    let again = user.fails(1, &[&train[..], &["text.safetensors"]].concat());
    assert_eq!(again, wrong, "the failed command left no folder behind");
}

#[test]
fn a_run_is_exported_to_tensorboard_with_curves_and_the_projectors_images() {
    let user = user();
    user.succeeds(&["export", "runs/mine", "--format", "tensorboard", "--out", "logs/mine"]);
    let events = user.reads("logs/mine/events.out.tfevents.0.dml");
    let contains = |text: &str| events.windows(text.len()).any(|part| part == text.as_bytes());
    for tag in ["loss/train", "loss/validation", "evaluation/MAP@R", "distances/same class"] {
        assert!(contains(tag), "{tag}");
    }
    assert_eq!(user.reads_text("logs/mine/embeddings.tsv").lines().count(), 30);
    assert_eq!(user.reads_text("logs/mine/classes.tsv").lines().count(), 30);
    assert!(user.reads("logs/mine/images.png").starts_with(b"\x89PNG"));
    std::fs::remove_file(user.path("small.csv")).unwrap();
    let message = user.fails(1, &["export", "runs/mine", "--format", "tensorboard", "--out", "l"]);
    assert!(message.contains("small.csv"), "{message}");
}

#[test]
fn exporting_embeddings_of_an_unevaluated_run_is_an_error() {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    let message = user.fails(1, &["export", "runs/mine", "--format", "csv", "--out", "a.csv"]);
    assert!(
        message.contains("has no embeddings yet; evaluate it with dml eval --run runs/mine"),
        "{message}"
    );
}

#[test]
fn completions_and_man_pages_cover_the_commands() {
    let user = User::new();
    for (shell, mark) in
        [("bash", "complete -F _dml"), ("zsh", "#compdef dml"), ("fish", "complete -c dml")]
    {
        let (out, _) = user.succeeds(&["completions", shell]);
        assert!(out.contains(mark) && out.contains("sweep"), "{shell}");
    }
    let (page, _) = user.succeeds(&["man"]);
    assert!(page.contains(".TH dml 1") && page.contains("dml\\-compare(1)"), "{page}");
    user.succeeds(&["man", "--out", "pages"]);
    assert!(user.reads_text("pages/dml-tune.1").contains("uses only validation images"));
}

#[test]
fn a_quiet_command_prints_only_results_and_errors() {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    let (out, err) = user.succeeds(&["--quiet", "train", "--config", "small.toml"]);
    assert!(out.contains("next       dml eval") && err.is_empty(), "{err}");
    let compare = ["compare", "--config", "small.toml", "--seeds", "1", "-q"];
    let (out, err) = user.succeeds(&compare);
    assert!(out.contains("written to ") && err.is_empty(), "{err}");
    let message = user.fails(1, &["train", "--config", "small.toml", "-q"]);
    assert!(message.starts_with("error: ") && message.lines().count() == 1, "{message}");
}

/// A CSV of 12×12 images of two classes, as the weights in `cases/init` were trained on.
fn twelve() -> String {
    let names: Vec<String> = (0..144).map(|pixel| format!("p{pixel}")).collect();
    let row = |row: usize| {
        let pixel = |p: usize| ((row * 7 + p * (row % 2 + 1) * 3) % 256).to_string();
        format!("{},{}\n", row % 2, (0..144).map(pixel).collect::<Vec<_>>().join(","))
    };
    format!("label,{}\n{}", names.join(","), (0..60).map(row).collect::<String>())
}

#[test]
fn training_starts_from_pytorch_weights_with_prefixes_and_other_types() {
    let user = User::new();
    user.writes("twelve.csv", twelve());
    let init = |name: &str| format!("{}/tests/cases/init/{name}", env!("CARGO_MANIFEST_DIR"));
    let train = |name: &str, more: &[&str]| {
        let file = init(&format!("init_{name}.safetensors"));
        let args =
            ["train", "--data", "twelve.csv", "--epochs", "1", "--batch", "16", "--init", &file];
        user.succeeds(&[&args[..], &["--name", name], more].concat()).1
    };
    let err = train("plain", &[]);
    assert!(!err.contains("init: "), "{err}");
    let err = train("module", &[]);
    assert!(
        err.contains("init_module.safetensors: prefix module. removed from the names"),
        "{err}"
    );
    let model =
        |name: &str| read_tensors(&user.path(&format!("runs/{name}/model.safetensors"))).unwrap();
    let (plain, module) = (model("plain"), model("module"));
    assert!(plain.iter().all(|(name, tensor)| module[name].equal(tensor)), "the same network");
    let err = train("f16", &[]);
    assert!(err.contains("init_f16.safetensors: F16 converted to F32"), "{err}");
    let small = User::with_images(12);
    let file = init("init_plain.safetensors");
    let other = small.fails(1, &["train", "--data", "small.csv", "--init", &file]);
    assert!(
        other.contains("was trained on images of 12×12 to 15×15, the data has 28×28"),
        "{other}"
    );
    user.writes("net.pth", b"PK\x03\x04net/data.pkl");
    let pickle = user.fails(1, &["train", "--data", "twelve.csv", "--init", "net.pth"]);
    assert!(pickle.contains("convert it to safetensors: python -c 'import torch"), "{pickle}");
}
