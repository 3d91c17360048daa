//! `dml embed` and `dml export`: uses a run for new images and in other programs.

use std::path::Path;

use super::{report_written, set, set_columns, set_compute, trained, with_images};
use crate::cli::{EmbedArgs, EmbedFormat, ExportArgs, Format};
use crate::data::{
    ChannelChoice, ClassNames, DataConfig, LabelColumn, ReadOptions, Rows, open_watched,
};
use crate::error::{Error, Result};
use crate::eval::ModelChoice;
use crate::export::{EVENT_FILES, npy_files, write_embedded, write_labels};
use crate::files::{
    CSV, FileKind, NPY, Output, OutputRules, PARQUET, SAFETENSORS, TORCHSCRIPT, keeper_of,
};
use crate::run::Trained;
use crate::runtime::Cores;
use crate::train::Progress;
use crate::words::things;

/// The alternative if an extension and the format disagree.
const OTHER_FORMAT: &str = ", or another --format";

/// Embeds new images with a trained run.
///
/// # Errors
/// An unknown run; a fault of the file; images of another size; outputs that must not or cannot be
/// written.
pub fn embed(args: EmbedArgs, progress: &Progress) -> Result<()> {
    let mut trained = trained(args.run.as_deref(), &args.runs)?;
    let keeper = |path: &Path| keeper_of(path, &args.runs);
    let rules = with_images(OutputRules::new(args.force, &keeper), "the images", &args.images);
    let mut rules = with_inputs_of(&trained, rules);
    let out = rules.file("--out", &args.out)?;
    let kind = embedded_kind(&args, &out, progress)?;
    let labels_out = args.labels_out.as_ref().map(|path| {
        let out = rules.file("--labels-out", path)?;
        out.refuse_other_kind("--labels-out", &NPY, "").map(|()| out)
    });
    let labels_out = labels_out.transpose()?;
    set_compute(&mut trained.config, &args.compute);
    progress.say(&format!("run: {}", trained.folder.path().display()));
    let DataConfig { drop, size, fit, skip_broken, .. } = trained.config.data.clone();
    let mut columns = DataConfig { drop, size, fit, skip_broken, ..DataConfig::default() };
    set_columns(&mut columns, &args.columns);
    let mut options = ReadOptions { names: ClassNames::Labels, ..columns.read_options() };
    if options.label == LabelColumn::Auto {
        options.label = LabelColumn::IfThere;
    }
    let like = trained.record.data.trained_on();
    if args.columns.drop.is_empty() {
        options.drop = like.leaves_out(options.drop);
    }
    options.like = Some(like);
    let asked = options.pictures.channels;
    options.pictures = options.pictures.like(trained.record.data.shape);
    if args.columns.channels.is_some()
        && ![ChannelChoice::Auto, options.pictures.channels].contains(&asked)
    {
        let trained = trained.record.data.shape;
        let problem =
            format!("differs from the images of {trained} that the run was trained on; omit it");
        return Err(Error::setting("--channels", asked, problem));
    }
    options.rows = Rows::All;
    let images = progress.reading(|watch| open_watched(&args.images, &options, watch))?;
    trained.record.data.refuse_turned(&images)?;
    rules.refuse_inputs("one of the pictures", &images.reading.files)?;
    for remark in images.reading.lines() {
        progress.say(&format!("{}: {remark}", args.images.display()));
    }
    let cores = Cores::new(Cores::available());
    let _core = cores.take();
    let model = args.model.unwrap_or(ModelChoice::Last);
    let embeddings = trained.embed(&images, model, &cores, |line| progress.say(line))?;
    if let Some(out) = &labels_out {
        out.make_folder()?;
        write_labels(out.path(), &images)?;
    }
    out.make_folder()?;
    write_embedded((out.path(), kind), &embeddings, &images)?;
    let (rows, columns) = embeddings.dim();
    let written = format!(
        "{rows} {} of {columns} {}\nwritten to {}",
        things(rows, "embedding"),
        things(columns, "number"),
        out.shown()
    );
    report_written(&out, &written, progress)
}

/// Adds the files that a run's settings name to the inputs.
fn with_inputs_of<'a>(trained: &Trained, rules: OutputRules<'a>) -> OutputRules<'a> {
    let config = &trained.config;
    let path = Path::new(&config.data.path);
    with_images(rules, "the images that the run was trained on", path)
        .input("the weights that the run began with", &config.model.init)
}

/// The format of embeddings: as requested, else by the extension; CSV into a pipe.
fn embedded_kind(args: &EmbedArgs, out: &Output, progress: &Progress) -> Result<&'static FileKind> {
    let kind = match args.format {
        Some(EmbedFormat::Npy) => &NPY,
        Some(EmbedFormat::Csv) => &CSV,
        Some(EmbedFormat::Parquet) => &PARQUET,
        None if out.is_stream() => {
            progress.say("format: CSV; choose another with --format npy or parquet");
            &CSV
        }
        None => FileKind::decided("--out", &args.out, &[&NPY, &CSV, &PARQUET], "")?,
    };
    out.refuse_other_kind("--out", kind, OTHER_FORMAT)?;
    Ok(kind)
}

/// Writes a run's network or embeddings for other programs.
///
/// # Errors
/// An unknown run; a run that is not evaluated, if embeddings are requested; an output that must not
/// or cannot be written.
pub fn export(args: ExportArgs, progress: &Progress) -> Result<()> {
    let format = args.format.map_or_else(|| format_of(&args.out), Ok)?;
    let mut trained = trained(Some(&args.run), &args.runs)?;
    set(&mut trained.config.data.path, &args.data);
    let runs = trained.folder.path().parent().unwrap_or(Path::new("")).to_path_buf();
    let keeper = |path: &Path| keeper_of(path, &runs);
    let mut rules = with_inputs_of(&trained, OutputRules::new(args.force, &keeper));
    let out = exported_out(&args, format, &mut rules)?;
    // Embeddings are those of the last evaluation, with the model that it used.
    let is_network = matches!(format, Format::Safetensors | Format::Torchscript);
    if let Some(model) = args.model.filter(|_| !is_network) {
        trained.check_embedded_by(model)?;
    }
    let (model, path) = (args.model.unwrap_or(ModelChoice::Last), out.path());
    if !matches!(format, Format::Npy | Format::Tensorboard) {
        out.make_folder()?;
    }
    match format {
        Format::Safetensors => trained.export_safetensors(model, path),
        Format::Torchscript => trained.export_torchscript(model, path),
        Format::Npy => trained.export_npy(path),
        Format::Csv => trained.export_csv(path),
        Format::Parquet => trained.export_parquet(path),
        Format::Tensorboard => trained
            .export_tensorboard(path, |images| rules.refuse_inputs("one of the pictures", images)),
    }?;
    report_written(&out, &format!("written to {}", out.shown()), progress)
}

/// The format of an output by its extension.
fn format_of(out: &Path) -> Result<Format> {
    let folders = "; npy and tensorboard write folders";
    let kind = FileKind::decided("--out", out, &FORMATS.map(|(kind, _)| kind), folders)?;
    let found = FORMATS.into_iter().find(|(of, _)| *of == kind);
    Ok(found.expect("decided among these kinds").1)
}

/// The formats of a single file.
const FORMATS: [(&FileKind, Format); 4] = [
    (&SAFETENSORS, Format::Safetensors),
    (&TORCHSCRIPT, Format::Torchscript),
    (&CSV, Format::Csv),
    (&PARQUET, Format::Parquet),
];

/// The checked output of an export.
fn exported_out(args: &ExportArgs, format: Format, rules: &mut OutputRules) -> Result<Output> {
    let (named, flag) = (args.out.as_path(), "--out");
    match FORMATS.into_iter().find(|(_, of)| *of == format) {
        Some((kind, _)) => {
            let out = rules.file(flag, named)?;
            out.refuse_other_kind(flag, kind, OTHER_FORMAT)?;
            Ok(out)
        }
        None => {
            if FileKind::of_name(named).is_some() && !named.is_dir() {
                let problem = "has the extension of a file, but this format writes a folder: drop \
                               the extension, or use another --format";
                return Err(Error::setting(flag, named.display(), problem));
            }
            match format {
                Format::Npy => rules.folder(flag, named, &npy_files()),
                _ => rules.folder(flag, named, &EVENT_FILES),
            }
        }
    }
}
