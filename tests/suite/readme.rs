//! In the README and `docs/`, links, commands and flags exist, and lines keep to their width.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use dml::cli::Cli;

/// A Markdown page for users.
struct Page {
    path: PathBuf,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README first, then the pages in `docs/` and the other texts that it links to.
fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "CHANGELOG.md", "data/README.md", "tests/README.md"].map(Into::into).into();
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|e| e == "md"));
    paths.extend(docs.map(|path| path.strip_prefix(root()).unwrap().to_owned()));
    assert!(paths.len() > 10, "only {} pages were found: the check itself is broken", paths.len());
    let read = |path: PathBuf| Page { text: fs::read_to_string(root().join(&path)).unwrap(), path };
    paths.into_iter().map(read).collect()
}

impl Page {
    /// The lines outside code blocks, or those inside.
    fn lines(&self, code: bool) -> Vec<&str> {
        let mut inside = false;
        let mut lines = Vec::new();
        for line in self.text.lines() {
            if line.starts_with("```") {
                inside = !inside;
            } else if inside == code {
                lines.push(line);
            }
        }
        lines
    }

    /// Targets of links and pictures.
    fn links(&self) -> Vec<&str> {
        let targets = self.text.split("](").skip(1);
        targets.filter_map(|rest| rest.split([')', ' ']).next()).collect()
    }

    /// The anchors that GitHub gives the headings.
    fn anchors(&self) -> Vec<String> {
        let headings = self.lines(false).into_iter().filter(|line| line.starts_with('#'));
        headings.map(anchor).collect()
    }

    /// Text between single backticks, on one line or two.
    fn code_spans(&self) -> Vec<String> {
        let prose = self.lines(false).join("\n");
        let spans = prose.split('`').skip(1).step_by(2);
        spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// Command lines of a program in code blocks, without comments, pipes and continuations.
    fn commands(&self, program: &str) -> Vec<String> {
        let text = self.lines(true).join("\n").replace("\\\n", " ");
        let starts = format!("{program} ");
        let parts = text.lines().flat_map(|line| {
            line.split(" #").next().unwrap().split(['|', '>', ';']).flat_map(|c| c.split("&&"))
        });
        let parts = parts.map(str::trim).filter(|command| command.starts_with(&starts));
        parts.map(str::to_owned).collect()
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The words of a command line, quotes removed.
fn words(command: &str) -> Vec<String> {
    let quoted = command.split('"').enumerate();
    let hidden = quoted.map(|(i, piece)| match i % 2 {
        1 => piece.replace(' ', "\u{a0}"),
        _ => piece.to_owned(),
    });
    let text: String = hidden.collect();
    text.split(' ').filter(|w| !w.is_empty()).map(|w| w.replace('\u{a0}', " ")).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    assert!(pages[0].links().len() > 15, "too few links were found: the check itself is broken");
    for page in &pages {
        for link in page.links().into_iter().filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let mut target = root().join(&page.path);
            if !file.is_empty() {
                target.set_file_name(file);
            }
            assert!(target.exists(), "{}: {link} does not exist", page.path.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let anchors = Page { path: target, text }.anchors();
                let found = anchors.iter().any(|anchor| anchor == heading);
                assert!(found, "{}: no heading for {link}", page.path.display());
            }
        }
    }
}

#[test]
fn dml_accepts_every_command_line_of_the_pages() {
    let mut checked = 0;
    for page in pages() {
        for command in page.commands("dml") {
            checked += 1;
            if let Err(error) = Cli::try_parse_from(words(&command)) {
                panic!("{}: {command}\n{error}", page.path.display());
            }
        }
    }
    assert!(checked > 40, "only {checked} commands were found: the check itself is broken");
}

#[test]
fn every_command_and_flag_in_the_prose_exists() {
    let cli = Cli::command();
    let commands: BTreeSet<&str> = cli.get_subcommands().map(|c| c.get_name()).collect();
    let leaves = cli.get_subcommands().flat_map(|c| c.get_subcommands().chain([c]));
    let long = leaves.flat_map(|c| c.get_arguments().filter_map(|arg| arg.get_long()));
    let flags: BTreeSet<&str> = long.chain(["quiet", "help", "version"]).collect();
    let mut checked = 0;
    for page in pages() {
        for span in page.code_spans() {
            let path = page.path.display();
            if let Some(rest) = span.strip_prefix("dml ") {
                let name = rest.split(' ').next().unwrap();
                assert!(commands.contains(name) || name == "COMMAND", "{path}: `{span}`");
            }
            if span.starts_with("dml ") || span.starts_with("--") {
                let given = span.split(' ').filter_map(|word| word.strip_prefix("--"));
                for flag in given {
                    checked += 1;
                    let name = flag.split('=').next().unwrap();
                    assert!(flags.contains(name), "{path}: --{name} in `{span}`");
                }
            }
        }
    }
    assert!(checked > 40, "only {checked} flags were found: the check itself is broken");
}

#[test]
fn every_make_target_in_the_pages_exists() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets: BTreeSet<&str> =
        makefile.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    for page in pages() {
        let spans = page.code_spans().into_iter().filter(|span| span.starts_with("make "));
        for command in spans.chain(page.commands("make")) {
            for target in words(&command).iter().skip(1).filter(|word| !word.contains('=')) {
                let path = page.path.display();
                assert!(targets.contains(target.as_str()), "{path}: make {target}");
            }
        }
    }
}

#[test]
fn the_readme_is_short_and_no_line_is_too_wide() {
    let pages = pages();
    assert!(pages[0].text.lines().count() <= 200, "the README has more than 200 lines");
    for page in &pages {
        let is_readme = page.path == Path::new("README.md");
        for (number, line) in page.text.lines().enumerate() {
            let may_be_wide = line.starts_with('|') && !is_readme;
            let width = line.chars().count();
            let line_name = format!("{}:{}", page.path.display(), number + 1);
            assert!(width <= 120 || may_be_wide, "{line_name} has {width} columns");
        }
    }
}

#[test]
fn code_under_the_name_of_a_file_stands_in_that_file() {
    let mut checked = 0;
    for page in pages() {
        let blocks = page.text.split("\n```").skip(1).step_by(2);
        for (name, code) in blocks.filter_map(|block| block.split_once('\n')?.1.split_once('\n')) {
            let name = name.trim_start_matches(['/', '#', ' ']);
            if !(name.ends_with(".rs") || name.ends_with(".py")) || !root().join(name).is_file() {
                continue;
            }
            let file = fs::read_to_string(root().join(name)).unwrap();
            let known: BTreeSet<&str> = file.lines().map(str::trim).collect();
            // A line of `…` stands for lines that are left out.
            for line in code.lines().map(str::trim).filter(|line| *line != "…") {
                assert!(known.contains(line), "{}: {name} has no {line:?}", page.path.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 3, "only {checked} blocks were seen: the check itself is broken");
}
