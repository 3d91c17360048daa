//! Queries with their nearest images.

use maud::{Markup, html};

use crate::data::ImageShape;
use crate::report::chart::retrieval::{Pictured, Retrieved, Section};
use crate::report::images::data_url;

/// Width or height of an image on the page, whichever is larger.
const LARGEST: usize = 56;

/// One row per query; images of another class are marked by their frame and in words.
pub fn gallery(shape: ImageShape, sections: &[Section<'_>]) -> Markup {
    html! {
        @for section in sections {
            h4 { (section.heading) }
            @for row in &section.rows { (retrieved(shape, row)) }
        }
    }
}

fn retrieved(shape: ImageShape, row: &Retrieved<'_>) -> Markup {
    let class = row.query.class;
    let right = row.nearest.iter().filter(|found| found.class == class).count();
    let (name, all) = (class.name, row.nearest.len());
    let summary = format!("{name}: {right} of the {all} nearest are of its class");
    html! {
        ol.retrieved aria-label=(summary) {
            li.query { (picture(shape, &row.query, "query")) }
            @for found in &row.nearest {
                @let (kind, word) = match found.class == class {
                    true => ("right", "of its class"),
                    false => ("wrong", "of another class"),
                };
                li class=(kind) { (picture(shape, found, word)) }
            }
        }
    }
}

fn picture(shape: ImageShape, pictured: &Pictured<'_>, word: &str) -> Markup {
    let (image, class) = (pictured.image, pictured.class.name);
    let shown = |size: usize| (LARGEST * size / shape.height.max(shape.width)).max(1);
    let (width, height) = (shown(shape.width), shown(shape.height));
    html! {
        img src=(data_url(shape, image)) width=(width) height=(height) alt=(format!("{class}, {word}"));
        span aria-hidden="true" { (class) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::ClassName;

    #[test]
    fn images_keep_their_proportions() {
        let class = ClassName { name: "a", number: 0 };
        for (shape, size) in [
            (ImageShape::square(28), r#"width="56" height="56""#),
            (ImageShape { channels: 3, height: 5, width: 7 }, r#"width="56" height="40""#),
        ] {
            let image = vec![9; shape.values()];
            let query = Pictured { image: &image, class };
            let rows = vec![Retrieved { query, nearest: vec![query] }];
            let html = gallery(shape, &[Section { heading: String::new(), rows }]).into_string();
            let element = format!("src=\"{}\" {size}", data_url(shape, &image));
            assert_eq!(html.matches(&element).count(), 2, "{shape}");
        }
    }
}
