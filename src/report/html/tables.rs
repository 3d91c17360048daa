//! Tables that can be sorted by any column.

use maud::{Markup, html};

use crate::report::table::Table;

/// A table; the first cell of a row names it. `caption` is for those who meet it by itself.
pub fn table(table: &Table, caption: &str) -> Markup {
    let numbers = table.number_columns();
    let width = numbers.len();
    html! {
        div.scroll tabindex="0" role="group" aria-label=(caption) {
            table.sortable {
                caption.quiet { (caption) }
                thead { tr { @for column in 0..width {
                    th scope="col" class=[numbers[column].then_some("number")] {
                        (table.header.get(column).map_or("", String::as_str))
                    }
                } } }
                tbody { @for row in &table.rows { tr { @for column in 0..width {
                    @let cell = row.get(column).map_or("", String::as_str);
                    @if column == 0 { th scope="row" { (cell) } }
                    @else { td class=[numbers[column].then_some("number")] { (cell) } }
                } } } }
            }
        }
    }
}
