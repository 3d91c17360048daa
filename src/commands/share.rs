//! `dml embed` and `dml export`: a run's work for other images and other programs.

use std::path::Path;

use super::{print, set, set_columns, set_compute};
use crate::cli::{EmbedArgs, ExportArgs, Format};
use crate::data::{ClassNames, CsvOptions, DataConfig, LabelColumn, load};
use crate::error::{Error, Result};
use crate::eval::Which;
use crate::experiment::{Trained, write_embedded, write_labels};
use crate::files::{create_folder, folder_of, is_device};
use crate::runtime::Cores;
use crate::train::Progress;

/// Embeds new images with a trained run.
///
/// # Errors
/// No such run; a fault of the file; images of another size; labels that cannot be written.
pub fn embed(args: EmbedArgs, progress: &Progress) -> Result<()> {
    let mut trained = Trained::open(args.run.as_deref(), &args.runs)?;
    if args.labels_out.as_ref() == Some(&args.out) {
        let problem = "is where the embeddings go, too: name another file";
        return Err(Error::setting("--labels-out", args.out.display(), problem));
    }
    for out in args.labels_out.iter().chain([&args.out]) {
        make_folder_of(out)?;
    }
    set_compute(&mut trained.config, &args.compute);
    progress.say(&format!("run: {}", trained.folder.path().display()));
    let mut columns = DataConfig::default();
    set_columns(&mut columns, &args.columns);
    let mut options = CsvOptions { names: ClassNames::Labels, ..columns.csv_options(false) };
    if options.label == LabelColumn::Auto {
        options.label = LabelColumn::IfThere;
    }
    let images = load(&args.images, &options)?;
    let cores = Cores::new(Cores::available());
    let _core = cores.take();
    let model = args.model.unwrap_or(Which::Last);
    let embeddings = trained.embed(&images, model, &cores, |line| progress.say(line))?;
    if let Some(out) = &args.labels_out {
        write_labels(out, &images)?;
    }
    write_embedded(&args.out, &embeddings, &images)?;
    let (rows, columns) = embeddings.dim();
    told(&args.out, &format!("{rows} embeddings of {columns} numbers\n"))
}

/// Writes a run's network or embeddings for other programs.
///
/// # Errors
/// No such run, or one that is not evaluated where embeddings are asked for; a file that cannot be
/// written.
pub fn export(args: ExportArgs) -> Result<()> {
    let mut trained = Trained::open(Some(&args.run), &args.run)?;
    set(&mut trained.config.data.path, &args.data);
    let (model, out) = (args.model.unwrap_or(Which::Last), args.out.as_path());
    make_folder_of(out)?;
    // Embeddings are those of the last evaluation, whichever model it took.
    let is_network = matches!(args.format, Format::Safetensors | Format::Torchscript);
    if let Some(model) = args.model.filter(|_| !is_network) {
        trained.check_embedded_by(model)?;
    }
    match args.format {
        Format::Safetensors => trained.export_safetensors(model, out),
        Format::Torchscript => trained.export_torchscript(model, out),
        Format::Npy => trained.export_npy(out),
        Format::Csv => trained.export_csv(out),
        Format::Parquet => trained.export_parquet(out),
        Format::Tensorboard => trained.export_tensorboard(out),
    }?;
    told(out, "")
}

/// Makes the folder that a file goes to.
fn make_folder_of(out: &Path) -> Result<()> {
    folder_of(out).map_or(Ok(()), create_folder)
}

/// Says where something was written; not where stdout or a device has it.
fn told(out: &Path, what: &str) -> Result<()> {
    if is_device(out) {
        return Ok(());
    }
    print(&format!("{what}written to {}", out.display()))
}
