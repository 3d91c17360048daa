//! The README points at what is there.

use std::fs;
use std::path::Path;

/// What a text in Markdown links to.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// A heading's name in a link, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_of_the_readme_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let anchors: Vec<String> =
        text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let links = links(&text);
    assert!(links.len() > 15, "only {} links were seen: the check itself is broken", links.len());
    for link in links {
        let there = match link.strip_prefix('#') {
            Some(name) => anchors.iter().any(|anchor| anchor == name),
            None => link.contains("://") || root.join(link).exists(),
        };
        assert!(there, "nothing is at {link}");
    }
}
