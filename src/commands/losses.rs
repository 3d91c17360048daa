//! `dml losses`: what can be trained under, and what each loss says of an embedding.

use serde::Serialize;

use super::{print, print_json};
use crate::cli::LossesArgs;
use crate::data::BatchKind;
use crate::error::Result;
use crate::evaluation::{LossOnEmbedding, LossesOnEmbedding};
use crate::loss::{Description, Loss};
use crate::report::table::Table;
use crate::train::Progress;
use crate::words::{decimals, things};

/// Lists every loss, or asks each about embeddings.
///
/// # Errors
/// Embeddings or labels that cannot be read or do not fit; stdout cannot be written to.
pub fn losses(args: LossesArgs, progress: &Progress) -> Result<()> {
    match (args.on, args.embeddings) {
        (Some(run), _) => tell(LossesOnEmbedding::of_run(&run)?, args.json),
        (None, Some(file)) => {
            let say = |line: &str| progress.say(line);
            tell(LossesOnEmbedding::of_files(&file, args.labels.as_deref(), say)?, args.json)
        }
        (None, None) => list(args.json),
    }
}

/// What a loss is and what it needs.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    description: Description,
    batches: &'static str,
    normalises: bool,
    own_parameters: Option<&'static str>,
}

impl Told {
    fn of(loss: &Loss) -> Told {
        Told {
            description: loss.description(),
            batches: match loss.batches() {
                BatchKind::Images => "single images",
                BatchKind::Pairs => "sampled pairs",
                BatchKind::PkSampling => "P classes × K images",
            },
            normalises: loss.normalises(),
            own_parameters: loss.parameters(1, 1, 0).map(|own| own.name),
        }
    }

    fn text(&self) -> String {
        let Description { name, formula, settings, source } = self.description;
        let length = if self.normalises { "brought to length 1" } else { "as they are" };
        let own = self.own_parameters.unwrap_or("none");
        format!(
            "{name}\n  formula     {formula}\n  settings    {settings}\n  source      {source}\n  \
             batches     {}\n  embeddings  {length}\n  own         {own}",
            self.batches
        )
    }
}

fn list(json: bool) -> Result<()> {
    let told: Vec<Told> = Loss::all().iter().map(Told::of).collect();
    if json {
        return print_json(&told);
    }
    let blocks: Vec<String> = told.iter().map(Told::text).collect();
    print(&blocks.join("\n\n"))
}

fn tell(opinions: LossesOnEmbedding, json: bool) -> Result<()> {
    if json {
        return print_json(&opinions);
    }
    let LossesOnEmbedding { embeddings, rows, dimensions, classes, losses } = opinions;
    print(&format!(
        "{embeddings}: {rows} {} of {dimensions} {}, {classes} {}\n\n{}",
        things(rows, "embedding"),
        things(dimensions, "number"),
        things(classes, "class"),
        table(&losses).terminal()
    ))
}

fn table(opinions: &[LossOnEmbedding]) -> Table {
    let mut table = Table::new(["loss", "value", "active, %", "remark"]);
    for opinion in opinions {
        let number = |value: Option<f64>, of: fn(f64) -> String| value.map_or("–".to_owned(), of);
        table.push([
            opinion.loss.to_owned(),
            number(opinion.value, |value| decimals(value, 4)),
            number(opinion.active, |share| format!("{:.1}", 100.0 * share)),
            opinion.remark.clone(),
        ]);
    }
    table
}
