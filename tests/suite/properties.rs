//! Properties of every file, not only of chosen examples.

use std::io::Write;
use std::path::Path;

use dml::config::Config;
use dml::data::{ImageShape, LabelColumn, Pixels, ReadOptions, check, open};
use dml::evaluation::{read_embeddings, read_labels};
use dml::loss::Loss;
use dml::model::{NamedTensors, read_notes, read_tensors, write_tensors};
use dml::train::{Checkpoint, CheckpointEvery, EpochRecord, History};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tch::Tensor;

/// The same cases in each run, and no file of past failures.
fn settings() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(2022),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A way to write a CSV.
#[derive(Debug, Clone)]
struct Dialect {
    header: bool,
    mark: bool,
    windows: bool,
    quotes: bool,
    last_line_ends: bool,
    zipped: bool,
    /// The separator of cells.
    separator: char,
    /// Pixels as `15.0`, or as `15,0` unless commas separate cells.
    points: bool,
    /// The label after the pixels, not before them.
    label_last: bool,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let separator = prop::sample::select(vec![',', ';', '\t', '|']);
    (any::<[bool; 8]>(), separator).prop_map(|(flags, separator)| {
        let [header, mark, windows, quotes, last_line_ends, zipped, points, label_last] = flags;
        Dialect {
            header,
            mark,
            windows,
            quotes,
            last_line_ends,
            zipped,
            separator,
            points,
            label_last,
        }
    })
}

impl Dialect {
    fn write(&self, side: usize, labels: &[String], pixels: &[Vec<u8>]) -> Vec<u8> {
        let end = if self.windows { "\r\n" } else { "\n" };
        let quoted = |cell: String| if self.quotes { format!("\"{cell}\"") } else { cell };
        let separator = self.separator.to_string();
        let row = |mut cells: Vec<String>| {
            if self.label_last {
                cells.rotate_left(1);
            }
            cells.into_iter().map(quoted).collect::<Vec<_>>().join(&separator)
        };
        let pixel = |value: &u8| match (self.points, self.separator) {
            (false, _) => value.to_string(),
            (true, ',') => format!("{value}.0"),
            (true, _) => format!("{value},0"),
        };
        let header = || {
            let pixels = (1..=side * side).map(|pixel| format!("pixel{pixel}"));
            std::iter::once("label".to_owned()).chain(pixels).collect()
        };
        let image = |(label, pixels): (&String, &Vec<u8>)| {
            std::iter::once(label.clone()).chain(pixels.iter().map(pixel)).collect()
        };
        let rows = self.header.then(header).into_iter().chain(labels.iter().zip(pixels).map(image));
        let mut text = rows.map(row).collect::<Vec<_>>().join(end);
        if self.last_line_ends {
            text.push_str(end);
        }
        let mark = if self.mark { "\u{feff}" } else { "" };
        let content = format!("{mark}{text}").into_bytes();
        if self.zipped { zipped(&content) } else { content }
    }
}

fn zipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Labels and pixels of some images of the same side.
fn images() -> impl Strategy<Value = (usize, Vec<String>, Vec<Vec<u8>>)> {
    (2..6_usize, 4..12_usize).prop_flat_map(|(side, rows)| {
        let pixels = vec(vec(any::<u8>(), side * side), rows);
        // Two of each of two classes at least, so that there are pairs.
        let more = vec(0..5_u8, rows - 4);
        let labels = more.prop_map(|more| {
            [0, 1, 0, 1].into_iter().chain(more).map(|class| format!("{}", class % 2 + 3)).collect()
        });
        (Just(side), labels, pixels)
    })
}

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

/// Any number except NaN.
fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("a number", |value| !value.is_nan())
}

fn record() -> impl Strategy<Value = EpochRecord> {
    let figures = (number(), number(), number(), number());
    let shares = (proptest::option::of(number()), proptest::option::of(0.0..=1.0_f64));
    (figures, shares).prop_map(
        |((train_loss, validation_loss, seconds, speed), (spread, active))| EpochRecord {
            epoch: 0,
            train_loss,
            validation_loss,
            seconds: seconds.abs(),
            images_per_second: speed.abs(),
            spread: spread.map(f64::abs),
            active,
        },
    )
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn images_are_read_as_they_were_written_in_every_dialect(
        (side, labels, pixels) in images(), dialect in dialect()
    ) {
        let file = file(&dialect.write(side, &labels, &pixels));
        // In random images without a header, the label column can't be recognised.
        let column = if dialect.label_last { side * side + 1 } else { 1 };
        let label = match dialect.header {
            true => LabelColumn::Auto,
            false => LabelColumn::Given(column.to_string()),
        };
        let found = open(file.path(), &ReadOptions { label, ..ReadOptions::default() }).unwrap();
        prop_assert_eq!(found.shape, ImageShape::square(side));
        prop_assert_eq!(found.pixels, Pixels::Bytes(pixels.concat()));
        let read: Vec<&str> =
            found.labels.iter().map(|&class| found.classes[class as usize].label.as_str()).collect();
        prop_assert_eq!(read, labels);
    }

    #[test]
    fn a_changed_byte_is_read_or_an_error_but_never_a_panic(
        (side, labels, pixels) in images(), dialect in dialect(),
        index in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut content = dialect.write(side, &labels, &pixels);
        *index.get_mut(&mut content) = byte;
        let file = file(&content);
        let read = open(file.path(), &ReadOptions::default());
        let checked = check(file.path(), &ReadOptions::default(), &|_, _| ()).unwrap();
        prop_assert_eq!(read.is_ok(), checked.fault_count == 0);
        if let Err(error) = read {
            let name = file.path().display().to_string();
            prop_assert!(error.to_string().starts_with(&name), "{}", error);
        }
    }

    #[test]
    fn random_bytes_are_an_error_for_every_reader(content in vec(any::<u8>(), 0..300)) {
        let file = file(&content);
        let path = file.path();
        prop_assert!(read_tensors(path).is_err());
        prop_assert!(read_notes(path).is_err());
        prop_assert!(Checkpoint::read(path).is_err());
        prop_assert!(read_embeddings(path).is_err());
        prop_assert!(read_labels(path).is_err());
        prop_assert!(open(path, &ReadOptions::default()).is_err());
        let text = String::from_utf8_lossy(&content);
        prop_assert!(text.trim().is_empty() || Config::parse(&text, Path::new("my.toml")).is_err());
    }

    #[test]
    fn tensors_keep_every_bit(
        tensors in prop::collection::btree_map("[a-z.0-9]{1,12}", vec(any::<u32>(), 0..20), 0..5)
    ) {
        let values = |bits: &Vec<u32>| bits.iter().map(|&b| f32::from_bits(b)).collect::<Vec<_>>();
        let named: NamedTensors = tensors
            .iter()
            .map(|(name, bits)| (name.clone(), Tensor::from_slice(&values(bits))))
            .collect();
        let file = file(b"");
        write_tensors(file.path(), &named, &[]).unwrap();
        let back = read_tensors(file.path()).unwrap();
        let bits = |(name, tensor): (&String, &Tensor)| {
            let values = Vec::<f32>::try_from(tensor).unwrap();
            (name.clone(), values.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        prop_assert_eq!(back.iter().map(bits).collect::<std::collections::BTreeMap<_, _>>(), tensors);
    }

    #[test]
    fn an_accepted_configuration_reads_back_as_itself(
        epochs in 1..1_000_000_usize, learning_rate in 1e-300..1e300_f64, seed in 0..i64::MAX as u64,
        loss in prop::sample::select(Loss::all()), steps in 1..1_000_000_usize, perplexity in 1e-9..1e9_f64,
        validation in 1e-9..0.999_f64, path in "[^\\x00-\\x1f]{1,30}"
    ) {
        let mut config = Config { loss, ..Config::default() };
        (config.train.epochs, config.train.learning_rate, config.train.seed) = (epochs, learning_rate, seed);
        config.train.checkpoint_every = CheckpointEvery::Steps(steps);
        (config.tsne.perplexity, config.data.validation, config.data.path) = (perplexity, validation, path);
        let back = Config::parse(&config.to_toml(), Path::new("my.toml")).unwrap();
        prop_assert_eq!(back, config);
    }

    #[test]
    fn a_history_reads_back_as_itself(mut epochs in vec(record(), 1..6)) {
        (1..).zip(&mut epochs).for_each(|(epoch, record)| record.epoch = epoch);
        let history = History { epochs };
        let file = file(b"");
        history.write(file.path()).unwrap();
        prop_assert_eq!(History::read(file.path(), "").unwrap().unwrap(), history);
    }
}
