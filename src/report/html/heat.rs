//! The confusion matrix as a table whose cells are shaded.

use maud::{Markup, html};

use crate::report::chart::confusion::Confusion;

/// Most classes of a readable table.
const MOST: usize = 40;

/// True classes down, predicted across; the shade of a cell is its share of its row. `None` if there
/// are too many classes.
pub fn confusion(confusion: &Confusion<'_>) -> Option<Markup> {
    let classes = confusion.classes;
    if classes.is_empty() || classes.len() > MOST {
        return None;
    }
    let rows: Vec<&[u64]> = confusion.counts.chunks_exact(classes.len()).collect();
    Some(html! {
        div.scroll tabindex="0" role="group" aria-label=(confusion.title) {
            table.heat {
                caption { (confusion.title) ": true classes down, predicted classes across" }
                thead { tr { td {} @for class in classes { th scope="col" { span { (class) } } } } }
                tbody { @for (class, counts) in classes.iter().zip(&rows) {
                    @let all = counts.iter().sum::<u64>();
                    tr {
                        th scope="row" { (class) }
                        @for (column, count) in counts.iter().enumerate() {
                            @let percent = share(*count, all);
                            td style=(format!("--share:{percent:.1}"))
                                title=(tooltip(*count, percent, class, &classes[column])) { (count) }
                        }
                    }
                } }
            }
        }
    })
}

/// Square root of the share of a row, in per cent, so that even a few mistakes show.
fn share(count: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { 100.0 * (count as f64 / all as f64).sqrt() }
}

fn tooltip(count: u64, percent: f64, class: &str, taken_for: &str) -> String {
    let share = percent * percent / 100.0;
    format!("{count} images of {class} ({share:.1} %) taken for {taken_for}")
}
