//! `dml data`: get, check and sample images in CSV.

use super::{print, print_json, set_columns};
use crate::cli::{CheckArgs, ColumnArgs, DataCommand, FetchArgs, SampleArgs};
use crate::data::{self, Content, CsvOptions, DataConfig, SampleSize, Summary};
use crate::error::{Error, Result};
use crate::report::table::Table;
use crate::train::Progress;

/// Gets, checks or samples data.
///
/// # Errors
/// What the data floor says of the files; a checked file with faults.
pub fn data(command: DataCommand, progress: &Progress) -> Result<()> {
    match command {
        DataCommand::Fetch(args) => fetch(&args, progress),
        DataCommand::Check(args) => check(&args),
        DataCommand::Sample(args) => sample(&args),
    }
}

fn fetch(args: &FetchArgs, progress: &Progress) -> Result<()> {
    let mut say = |line: &str| progress.say(line);
    let fetched = data::fetch(args.from.as_deref(), &args.into, args.force, &mut say)?;
    print(&format!("{}\n{}", fetched.train.display(), fetched.test.display()))
}

fn check(args: &CheckArgs) -> Result<()> {
    let summary = data::check(&args.file, &options(&args.columns))?;
    if args.json {
        print_json(&summary)?
    } else {
        print(&told(&summary))?
    }
    match summary.fault_count {
        0 => Ok(()),
        1 => Err(Error::Other(format!("{} has one fault", args.file.display()))),
        n => Err(Error::Other(format!("{} has {n} faults", args.file.display()))),
    }
}

fn told(summary: &Summary) -> String {
    let mut text = vec![format!("{}: {} rows", summary.file.display(), summary.rows)];
    text.extend(summary.content.as_ref().map(content));
    text.extend(summary.faults.iter().map(|fault| format!("fault: {fault}")));
    let untold = summary.fault_count - summary.faults.len();
    if untold > 0 {
        text.push(format!("and {untold} faults more"));
    }
    if summary.fault_count == 0 {
        text.push("no faults".to_owned());
    }
    text.join("\n")
}

fn content(content: &Content) -> String {
    let mut classes = Table::new(["label", "class", "images"]);
    for class in &content.classes {
        let label = class.class.label.clone();
        classes.push([label, class.class.name.clone(), class.count.to_string()]);
    }
    let header = if content.header { "a header" } else { "no header" };
    let values = content.values.map_or("no values".to_owned(), |values| {
        format!("values {} to {}, mean {:.2}", values.min, values.max, values.mean)
    });
    format!(
        "{} images of {side}×{side}, {header}, {values}, {} copies of other images\n\
         SHA-256 {}\n\n{}\n",
        content.images,
        content.copies,
        content.sha256,
        classes.terminal(),
        side = content.side,
    )
}

fn sample(args: &SampleArgs) -> Result<()> {
    if args.out.exists() && !args.force {
        let problem = "exists already; take another name or overwrite it with --force";
        return Err(Error::setting("--out", args.out.display(), problem));
    }
    let dataset = data::load(&args.file, &options(&args.columns))?;
    let size = args.total.map_or(SampleSize::PerClass(args.per_class), SampleSize::Total);
    let rows = data::stratified(&dataset.labels, size, args.seed)?;
    data::write_csv(&dataset, &rows, &args.out)?;
    print(&format!("{}: {} images", args.out.display(), rows.len()))
}

fn options(columns: &ColumnArgs) -> CsvOptions {
    let mut config = DataConfig::default();
    set_columns(&mut config, columns);
    config.csv_options(false)
}
