//! `dml losses`: what can be trained under.

use super::{print, print_json};
use crate::cli::LossesArgs;
use crate::error::Result;
use crate::loss::Loss;

/// Lists every loss with formula, settings and source.
///
/// # Errors
/// Stdout cannot be written to.
pub fn losses(args: LossesArgs) -> Result<()> {
    let losses = Loss::all();
    if args.json {
        let list: Vec<_> = losses.iter().map(Loss::description).collect();
        return print_json(&list);
    }
    let blocks: Vec<String> = losses
        .iter()
        .map(|loss| {
            let told = loss.description();
            format!(
                "{}\n  formula   {}\n  settings  {}\n  source    {}",
                told.name, told.formula, told.settings, told.source
            )
        })
        .collect();
    print(&blocks.join("\n\n"))
}
