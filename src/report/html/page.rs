//! The page around the parts of a report.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::report::chart;
use crate::report::images::ContactSheet;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A report.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// The conclusion, in words.
    pub conclusion: String,
    /// The sections below, in order.
    pub sections: Vec<Section>,
    /// Contact sheets for the t-SNE maps on the page, with their ids.
    pub contact_sheets: Vec<(String, ContactSheet)>,
}

/// A part of a report.
#[derive(Debug, Clone)]
pub struct Section {
    /// The target of links.
    pub id: &'static str,
    /// Its heading.
    pub heading: String,
    /// Its content.
    pub parts: Vec<Markup>,
}

impl Page {
    /// The whole file.
    pub fn html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                (self.head())
                body {
                    a.skip href="#content" { "To the content" }
                    header {
                        h1 { (self.title) }
                        button #theme type="button" hidden { "Light or dark" }
                    }
                    nav aria-label="Sections" { ul { @for section in &self.sections {
                        li { a href=(format!("#{}", section.id)) { (section.heading) } }
                    } } }
                    main #content {
                        p.question { (self.question) }
                        p.conclusion { (self.conclusion) }
                        @for section in &self.sections {
                            section id=(section.id) aria-labelledby=(format!("{}-h", section.id)) {
                                h2 id=(format!("{}-h", section.id)) { (section.heading) }
                                @for part in &section.parts { (part) }
                            }
                        }
                    }
                    footer { p { "Written by dml " (env!("CARGO_PKG_VERSION")) "." } }
                    @for (id, sheet) in &self.contact_sheets { img id=(id) src=(sheet.data_url()) alt="" hidden; }
                    div #tip hidden { canvas width="112" height="112" {} span {} }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string()
    }

    fn head(&self) -> Markup {
        let digest = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
        let policy = format!(
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
        );
        html! {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (self.title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) (PreEscaped(chart::css())) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::curves::{self, LossPanel};
    use crate::report::html;
    use crate::report::html::{command, facts, folded, map, paragraph, table};
    use crate::report::table::Table;

    const HOSTILE: &str = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

    fn page(parts: Vec<Markup>) -> String {
        Page {
            title: HOSTILE.to_owned(),
            question: HOSTILE.to_owned(),
            conclusion: HOSTILE.to_owned(),
            sections: vec![Section { id: "a", heading: HOSTILE.to_owned(), parts }],
            contact_sheets: Vec::new(),
        }
        .html()
    }

    #[test]
    fn every_text_is_escaped_everywhere() {
        let mut hostile = Table::new([HOSTILE, HOSTILE]);
        hostile.push([HOSTILE, HOSTILE]);
        let panel = LossPanel { title: HOSTILE, loss: HOSTILE, runs: &[] };
        let picture = curves::draw(&[panel, LossPanel { loss: "other", ..panel }]).unwrap();
        let classes = [HOSTILE.to_owned()];
        let text = page(vec![
            table(&hostile, HOSTILE),
            paragraph(HOSTILE),
            command(HOSTILE),
            facts(&[("fact", HOSTILE.to_owned())]),
            folded(HOSTILE, HOSTILE),
            html::figure(&picture, HOSTILE, None),
            map(&picture, HOSTILE, (&classes, &[0], &[7]), None),
        ]);
        assert_eq!(text.matches("<script>").count(), 1, "the page's own");
        assert!(!text.contains("<img src=x") && !text.contains("onerror=alert(1)>\""));
        assert!(text.contains("\\u003cimg src=x"), "JSON has no tag in it");
    }

    #[test]
    fn the_policy_allows_the_pages_own_script_and_no_other() {
        let text = page(Vec::new());
        let script = text.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
        let digest = STANDARD.encode(Sha256::digest(script.as_bytes()));
        assert!(text.contains(&format!("script-src 'sha256-{digest}'")));
        assert!(!text.contains("http://") && !text.contains("https://"));
    }
}
