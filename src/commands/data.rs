//! `dml data`: fetch, check and sample images.

use std::path::Path;

use super::{RUNS, print, print_json, report_written, set_columns, with_images};
use crate::cli::{CheckArgs, ColumnArgs, DataCommand, FetchArgs, SampleArgs};
use crate::data::{
    self, Channels, Content, DataConfig, FaultKind, Names, ReadOptions, SampleSize, Summary, Values,
};
use crate::error::{Error, Result};
use crate::files::{CSV, OutputRules, keeper_of};
use crate::report::table::Table;
use crate::train::Progress;
use crate::words::{count, things};

/// Fetches, checks or samples data.
///
/// # Errors
/// Those of the data module; a checked file has faults.
pub fn data(command: DataCommand, progress: &Progress) -> Result<()> {
    match command {
        DataCommand::Fetch(args) => fetch(&args, progress),
        DataCommand::Check(args) => check(&args, progress),
        DataCommand::Sample(args) => sample(&args, progress),
    }
}

fn fetch(args: &FetchArgs, progress: &Progress) -> Result<()> {
    let mut say = |line: &str| progress.say(line);
    let keeper = |path: &Path| keeper_of(path, Path::new(RUNS));
    // `fetch` overwrites a file only if its content is wrong, and with --force.
    let rules = OutputRules::new(true, &keeper);
    let fetched = data::fetch(args.from.as_deref(), &args.into, args.force, rules, &mut say)?;
    print(&format!("{}\n{}", fetched.train.display(), fetched.test.display()))
}

fn check(args: &CheckArgs, progress: &Progress) -> Result<()> {
    let options = options(&args.columns);
    let summary = progress.reading(|watch| data::check(&args.file, &options, watch))?;
    if args.json {
        print_json(&summary)?
    } else {
        print(&text(&summary))?
    }
    match summary.fault_count {
        0 => Ok(()),
        1 => Err(Error::Other(format!("{} has one fault", args.file.display()))),
        n => Err(Error::Other(format!("{} has {n} faults", args.file.display()))),
    }
}

fn text(summary: &Summary) -> String {
    let file = summary.file.display();
    // With faults in the columns, no row was read.
    let mut lines = vec![match summary.rows {
        0 => file.to_string(),
        rows => {
            let is_table = |content: &Content| !content.reading.format.is_empty();
            let of_table = summary.content.as_ref().is_none_or(is_table);
            format!("{file}: {}", count(rows, if of_table { "row" } else { "image" }))
        }
    }];
    lines.extend(summary.content.as_ref().map(content));
    lines.extend(summary.faults.iter().map(|fault| format!("fault: {fault}")));
    for FaultKind { problem, count } in &summary.kinds {
        let listed = summary.faults.iter().filter(|fault| *fault.problem == **problem).count();
        if *count > listed.max(3) {
            lines.push(format!("{count} faults of this kind: {problem}"));
        }
    }
    if summary.fault_count == 0 {
        lines.push("no faults".to_owned());
    }
    lines.join("\n")
}

/// Prefixes of decisions that a check shows in separate lines.
const SHOWN_SEPARATELY: [&str; 4] = ["label:", "ignored columns:", "pixels:", "cells:"];

/// How the file was read: label, ignored columns, and all decisions.
fn reading(content: &Content) -> String {
    let Content { reading, shape, scale, .. } = content;
    let mut lines = Vec::new();
    match &reading.label {
        Some(found) => {
            let columns = if found.column.contains(" to ") { "columns" } else { "column" };
            lines.push(format!("label       {columns} {}, {}", found.column, found.why));
        }
        // A file that is not a table has a remark about its labels.
        None if reading.format.is_empty() => {}
        None => lines.push("label       none".to_owned()),
    }
    for left in &reading.left_out {
        lines.push(format!("left out    column {}: {}", left.column, left.why));
    }
    let names = reading.columns.names.as_ref().map(Names::list).unwrap_or_default();
    let pixels = match (names.first(), names.last()) {
        (Some(first), Some(last)) if !first.is_empty() && !last.is_empty() => {
            format!(", columns {first} to {last}")
        }
        _ => String::new(),
    };
    let from = match (shape.channels, reading.columns.channels) {
        (3, _) => "red, green and blue",
        (_, Channels::Grey) => "grey",
        _ => "colours turned grey",
    };
    lines.push(format!("image       {shape}, {from}{pixels}"));
    if let Some(Values { min, max, .. }) = content.values {
        lines.push(format!("pixels      {min} to {max}, divided by {scale}"));
    }
    if !reading.format.is_empty() {
        lines.push(format!("cells       separated by {}", reading.format));
    }
    let is_shown =
        |decision: &&String| SHOWN_SEPARATELY.iter().any(|start| decision.starts_with(start));
    let others = reading.decisions.iter().filter(|decision| !is_shown(decision));
    lines.extend(others.map(|decision| format!("decided     {decision}")));
    lines.extend(reading.remarks.iter().map(|remark| format!("remark      {remark}")));
    if let [only] = &content.classes[..] {
        lines.push(format!(
            "remark      all images are of class {}; training needs at least two classes",
            only.class.label
        ));
    }
    let singletons = content.singletons();
    if !singletons.is_empty() {
        let (all, which) = (singletons.len(), singletons[..singletons.len().min(8)].join(", "));
        let more = if all > 8 { format!(" and {} more", all - 8) } else { String::new() };
        lines.push(format!(
            "remark      classes with a single image, which have no pairs: {which}{more}"
        ));
    }
    lines.join("\n")
}

fn content(content: &Content) -> String {
    let mut classes = Table::new(["label", "class", "images"]);
    for class in &content.classes {
        let label = class.class.label.clone();
        classes.push([label, class.class.name.clone(), class.count.to_string()]);
    }
    let header = match (content.header, content.reading.format.is_empty()) {
        (true, _) => "a header, ",
        (_, true) => "",
        _ => "no header, ",
    };
    let values = content.values.map_or("no values".to_owned(), |values| {
        format!("values {} to {}, mean {:.2}", values.min, values.max, values.mean)
    });
    format!(
        "{}\n{} {} of {shape}, {header}{values}, {}\n\
         SHA-256 {}\n\n{}\n",
        reading(content),
        content.images,
        things(content.images, "image"),
        match content.copies {
            1 => "1 copy of another image".to_owned(),
            copies => format!("{copies} copies of other images"),
        },
        content.sha256,
        classes.terminal(),
        shape = content.shape,
    )
}

fn sample(args: &SampleArgs, progress: &Progress) -> Result<()> {
    let keeper = |path: &Path| keeper_of(path, Path::new(RUNS));
    let mut rules = with_images(OutputRules::new(args.force, &keeper), "the images", &args.file);
    let out = rules.file("--out", &args.out)?;
    out.refuse_other_kind("--out", &CSV, "")?;
    let options = options(&args.columns);
    let dataset = progress.reading(|watch| data::open_watched(&args.file, &options, watch))?;
    rules.refuse_inputs("one of the pictures", &dataset.reading.files)?;
    for remark in dataset.reading.lines() {
        progress.say(&format!("data: {remark}"));
    }
    let size = args.total.map_or(SampleSize::PerClass(args.per_class), SampleSize::Total);
    let rows = data::stratified(&dataset.labels, size, args.seed)?;
    out.make_folder()?;
    data::write_csv(&dataset, &rows, out.path())?;
    let images = things(rows.len(), "image");
    report_written(&out, &format!("{}: {} {images}", out.shown(), rows.len()), progress)
}

fn options(columns: &ColumnArgs) -> ReadOptions {
    let mut config = DataConfig::default();
    set_columns(&mut config, columns);
    config.read_options()
}
