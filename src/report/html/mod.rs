//! Reports as one file of HTML each: nothing is fetched, and no script runs but the page's own.
//!
//! `maud` escapes all text; only markup that this module and `chart` made is unescaped. A content
//! security policy in the page's head allows the page's own script, by its SHA-256, and blocks any
//! other.
//!
//! Without scripts the page shows all there is; they add sorting, the images under the pointer, and
//! the choice of light or dark.

mod gallery;
mod heat;
mod map;
mod page;
mod tables;

pub use gallery::gallery;
pub use heat::confusion;
pub use map::{LARGEST_IMAGE, map};
pub use maud::Markup;
pub use page::{Page, Section};
pub use tables::table;

use maud::{PreEscaped, html};

use super::chart::Picture;

/// A picture with its caption, and what it shows as numbers for those who do not see it.
pub fn figure(picture: &Picture, caption: &str, numbers: Option<Markup>) -> Markup {
    html! {
        figure {
            div.scroll tabindex="0" role="group" aria-label=(caption) {
                (PreEscaped(picture.inline(caption)))
            }
            figcaption { (caption) }
            @if let Some(numbers) = numbers {
                details { summary { "The same as numbers" } (numbers) }
            }
        }
    }
}

/// A paragraph.
pub fn paragraph(text: &str) -> Markup {
    html! { p { (text) } }
}

/// A heading within a section.
pub fn heading(text: &str) -> Markup {
    html! { h3 { (text) } }
}

/// Text from a file, folded under its name.
pub fn folded(name: &str, text: &str) -> Markup {
    html! { details { summary { (name) } pre tabindex="0" { (text) } } }
}

/// A part behind a name, which is seen when it is opened.
pub fn fold(name: &str, part: &Markup) -> Markup {
    html! { details { summary { (name) } (part) } }
}

/// A command to type.
pub fn command(text: &str) -> Markup {
    html! { pre.command tabindex="0" { (text) } }
}

/// Words with their meanings.
pub fn facts(facts: &[(&str, String)]) -> Markup {
    html! { dl { @for (word, meaning) in facts { dt { (word) } dd { (meaning) } } } }
}
