//! A t-SNE whose points tell what they are, under the pointer and by the arrow keys.

use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::Sprite;
use crate::report::Canvas;

/// The picture of a t-SNE with what its script needs: the class of each point, its row in the data,
/// and, where `images` is the address of a sprite on the page, its image there.
///
/// # Shapes
/// labels, rows `[N]`, in the order of the points that were drawn.
pub fn map(
    picture: &Canvas,
    caption: &str,
    (classes, labels, rows): (&[String], &[usize], &[usize]),
    images: Option<(&str, &Sprite)>,
) -> Markup {
    let images = images
        .map(|(id, sprite)| json!({ "of": id, "side": sprite.side, "across": sprite.across }));
    let data = json!({ "classes": classes, "labels": labels, "rows": rows, "images": images });
    // In a script's text nothing is escaped, so that no tag may be left in it.
    let data = data.to_string().replace('<', "\\u003c");
    html! {
        figure.map {
            div.scroll {
                div.points tabindex="0" role="application" aria-roledescription="scatter plot"
                    aria-label=(format!("{caption}. Arrow keys go from image to image.")) {
                    (PreEscaped(picture.inline(caption)))
                }
            }
            p.told aria-live="polite" { "Point at an image, or go from one to the next by the arrow keys." }
            figcaption { (caption) }
            script type="application/json" { (PreEscaped(data)) }
        }
    }
}
