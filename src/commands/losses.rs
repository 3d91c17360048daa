//! `dml losses`: lists the losses, or computes each of them on given embeddings.

use serde::Serialize;

use super::{print, print_json};
use crate::cli::LossesArgs;
use crate::data::BatchKind;
use crate::error::Result;
use crate::evaluation::{LossOnEmbedding, LossesOnEmbedding};
use crate::loss::{Description, Loss};
use crate::report::table::Table;
use crate::run::named_folder;
use crate::train::Progress;
use crate::words::{decimals, things};

/// Lists all losses, or computes each of them on embeddings.
///
/// # Errors
/// Embeddings or labels that cannot be read or do not match; stdout cannot be written to.
pub fn losses(args: LossesArgs, progress: &Progress) -> Result<()> {
    match (args.on, args.embeddings) {
        (Some(run), _) => {
            let folder = named_folder(&run, &args.runs)?;
            print_values(LossesOnEmbedding::of_run(&folder)?, args.json)
        }
        (None, Some(file)) => {
            let say = |line: &str| progress.say(line);
            print_values(
                LossesOnEmbedding::of_files(&file, args.labels.as_deref(), say)?,
                args.json,
            )
        }
        (None, None) => list(args.json),
    }
}

/// A loss and its requirements.
#[derive(Serialize)]
struct LossInfo {
    name: &'static str,
    formula: &'static str,
    settings: String,
    source: &'static str,
    batches: &'static str,
    normalises: bool,
    own_parameters: Option<&'static str>,
}

impl LossInfo {
    fn of(loss: &Loss) -> LossInfo {
        let Description { name, formula, source, .. } = loss.description();
        LossInfo {
            name,
            formula,
            settings: loss.settings(),
            source,
            batches: match loss.batches() {
                BatchKind::Images => "single images",
                BatchKind::Pairs => "sampled pairs",
                BatchKind::PkSampling => "P classes × K images",
            },
            normalises: loss.normalises(),
            own_parameters: loss.parameters(1, 1, 0).map(|parameters| parameters.name),
        }
    }

    fn text(&self) -> String {
        let LossInfo { name, formula, settings, source, batches, .. } = self;
        let length = if self.normalises { "normalised to length 1" } else { "not normalised" };
        let parameters = self.own_parameters.unwrap_or("none");
        format!(
            "{name}\n  formula     {formula}\n  settings    {settings}\n  source      {source}\n  \
             batches     {batches}\n  embeddings  {length}\n  parameters  {parameters}"
        )
    }
}

fn list(json: bool) -> Result<()> {
    let losses: Vec<LossInfo> = Loss::all().iter().map(LossInfo::of).collect();
    if json {
        return print_json(&losses);
    }
    let blocks: Vec<String> = losses.iter().map(LossInfo::text).collect();
    print(&blocks.join("\n\n"))
}

fn print_values(values: LossesOnEmbedding, json: bool) -> Result<()> {
    if json {
        return print_json(&values);
    }
    let LossesOnEmbedding { embeddings, rows, dimensions, classes, losses } = values;
    print(&format!(
        "{embeddings}: {rows} {} of {dimensions} {}, {classes} {}\n\n{}",
        things(rows, "embedding"),
        things(dimensions, "number"),
        things(classes, "class"),
        table(&losses).terminal()
    ))
}

fn table(losses: &[LossOnEmbedding]) -> Table {
    let mut table = Table::new(["loss", "value", "active, %", "remark"]);
    for loss in losses {
        let number = |value: Option<f64>, of: fn(f64) -> String| value.map_or("–".to_owned(), of);
        table.push([
            loss.loss.to_owned(),
            number(loss.value, |value| decimals(value, 4)),
            number(loss.active, |share| format!("{:.1}", 100.0 * share)),
            loss.remark.clone(),
        ]);
    }
    table
}
