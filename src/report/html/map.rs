//! A t-SNE that describes the point under the pointer or selected by arrow keys.

use maud::{Markup, PreEscaped, html};
use serde_json::json;

use crate::report::chart::Picture;
use crate::report::images::ContactSheet;

/// Largest side of an image that is shown beside the pointer.
pub const LARGEST_IMAGE: usize = 32;

/// The picture of a t-SNE with what its script needs: the class of each point, its row in the data,
/// and, where `images` is the id of a contact sheet on the page, its image there.
///
/// # Shapes
/// labels, rows `[N]`, in the order of the points that were drawn.
pub fn map(
    picture: &Picture,
    caption: &str,
    (classes, labels, rows): (&[String], &[usize], &[usize]),
    images: Option<(&str, &ContactSheet)>,
) -> Markup {
    let images =
        images.map(|(id, sheet)| json!({ "of": id, "side": sheet.side, "across": sheet.across }));
    let data = json!({ "classes": classes, "labels": labels, "rows": rows, "images": images });
    // Text in a script element is not escaped, so it must not contain a tag.
    let data = data.to_string().replace('<', "\\u003c");
    html! {
        figure.map {
            div.scroll {
                div.points tabindex="0" role="application" aria-roledescription="scatter plot"
                    aria-label=(format!("{caption}. Arrow keys go from image to image.")) {
                    (PreEscaped(picture.inline(caption)))
                }
            }
            p.details aria-live="polite" { "Point at an image, or go from one to the next with the arrow keys." }
            figcaption { (caption) }
            script type="application/json" { (PreEscaped(data)) }
        }
    }
}
