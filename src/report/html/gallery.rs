//! Queries with what was found nearest to them, as images.

use maud::{Markup, html};

use crate::report::chart::retrieval::{Pictured, Retrieved, Section};
use crate::report::images::data_url;

/// One row a query; what is of another class is marked by its frame and in words.
pub fn gallery(side: usize, sections: &[Section<'_>]) -> Markup {
    html! {
        @for section in sections {
            h4 { (section.heading) }
            @for row in &section.rows { (retrieved(side, row)) }
        }
    }
}

fn retrieved(side: usize, row: &Retrieved<'_>) -> Markup {
    let class = row.query.class;
    let right = row.nearest.iter().filter(|found| found.class == class).count();
    let (name, all) = (class.name, row.nearest.len());
    let told = format!("{name}: {right} of the {all} nearest are of its class");
    html! {
        ol.retrieved aria-label=(told) {
            li.query { (picture(side, &row.query, "query")) }
            @for found in &row.nearest {
                @let (kind, word) = match found.class == class {
                    true => ("right", "of its class"),
                    false => ("wrong", "of another class"),
                };
                li class=(kind) { (picture(side, found, word)) }
            }
        }
    }
}

fn picture(side: usize, pictured: &Pictured<'_>, word: &str) -> Markup {
    let (image, class) = (pictured.image, pictured.class.name);
    html! {
        img src=(data_url(side, side, image)) width="56" height="56" alt=(format!("{class}, {word}"));
        span aria-hidden="true" { (class) }
    }
}
