//! Which module of `src` imports which, read from the text of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The path of a module below the crate, one name a level.
pub type Module = Vec<String>;

/// The modules with what each of them names.
#[derive(Default)]
pub struct Sources {
    /// What each module names, as paths from the crate, and under which name it knows it.
    names: BTreeMap<Module, Vec<(Module, String)>>,
    /// Modules that only declare others and pass their items on.
    passing_on: BTreeSet<Module>,
}

impl Sources {
    /// Takes a file in: its path below `src`, and its text.
    pub fn add(&mut self, path: &Path, text: &str) {
        let mut module: Module = path
            .with_extension("")
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        if module.last().is_some_and(|name| name == "mod") {
            module.pop();
        }
        if module == ["lib"] {
            return;
        }
        let code = without_comments(without_tests(text));
        let defines = code.lines().any(|line| {
            let line = line.trim_start_matches("pub ");
            let items = [
                "fn ", "struct ", "enum ", "trait ", "impl ", "impl<", "const ", "static ", "type ",
            ];
            items.iter().any(|item| line.starts_with(item))
        });
        if path.ends_with("mod.rs") && !defines {
            self.passing_on.insert(module.clone());
        }
        let mut names = Vec::new();
        for (path, name) in used(&code).into_iter().chain(inline(&code)) {
            names.push((path, name));
        }
        self.names.insert(module, names);
    }

    /// Every import of one module by another, through all re-exports.
    pub fn imports(&self) -> BTreeSet<(Module, Module)> {
        let mut found = BTreeSet::new();
        for (module, names) in &self.names {
            for (path, _) in names {
                let Some(target) = self.absolute(module, path).and_then(|path| self.home(path, 0))
                else {
                    continue;
                };
                let is_own = target == *module || target.is_empty();
                if !is_own
                    && !self.passing_on.contains(module)
                    && !self.passing_on.contains(&target)
                {
                    found.insert((module.clone(), target));
                }
            }
        }
        found
    }

    /// A path from the crate; none of a path into another crate.
    fn absolute(&self, module: &Module, path: &Module) -> Option<Module> {
        let ups = path.iter().take_while(|name| *name == "super").count();
        let within = |from: &[String], rest: &[String]| [from, rest].concat();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "super" => Some(within(&module[..module.len().checked_sub(ups)?], &path[ups..])),
            "self" => Some(within(module, &path[1..])),
            first => {
                let child = within(module, &[first.to_owned()]);
                self.names.contains_key(&child).then(|| within(module, path))
            }
        }
    }

    /// The module that an item is defined in.
    fn home(&self, path: Module, depth: usize) -> Option<Module> {
        let length = (1..=path.len()).rev().find(|&n| self.names.contains_key(&path[..n]))?;
        let module = path[..length].to_vec();
        let Some(item) = path.get(length).filter(|_| depth < 9) else { return Some(module) };
        let named = self.names[&module].iter().filter(|(_, name)| name == item);
        let passed_on = named.filter_map(|(path, _)| self.absolute(&module, path));
        match passed_on.into_iter().find(|target| target[..] != path[..=length]) {
            Some(target) => self.home([&target[..], &path[length + 1..]].concat(), depth + 1),
            None => Some(module),
        }
    }
}

/// The code above the tests, which stand at the end of a file and may look anywhere.
fn without_tests(text: &str) -> &str {
    let begins = ["#[cfg(test)]\nmod tests", "#[cfg(test)]\npub mod tests", "#[cfg(all(test"];
    let ends = begins.iter().filter_map(|begin| text.find(begin));
    &text[..ends.min().unwrap_or(text.len())]
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The paths of all `use` items, each with the name it is known by.
fn used(code: &str) -> Vec<(Module, String)> {
    let mut found = Vec::new();
    let mut statement = String::new();
    for line in code.lines() {
        let is_use = line.starts_with("use ") || line.starts_with("pub use ");
        if statement.is_empty() && !is_use {
            continue;
        }
        statement += line.trim_start_matches("pub ").trim_start_matches("use ").trim();
        if let Some(tree) = statement.strip_suffix(';') {
            leaves(&[], tree, &mut found);
            statement.clear();
        }
    }
    found
}

/// The leaves of a tree such as `super::{a, b::{c, d as e}}`.
fn leaves(above: &[String], tree: &str, found: &mut Vec<(Module, String)>) {
    if let Some((path, inside)) = tree.strip_suffix('}').and_then(|tree| tree.split_once('{')) {
        let above = [above, &parts(path)].concat();
        let mut depth = 0;
        let branch = |letter: char| {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            letter == ',' && depth == 0
        };
        inside.split(branch).for_each(|branch| leaves(&above, branch.trim(), found));
    } else if !tree.is_empty() {
        let (path, name) = tree.split_once(" as ").map_or((tree, None), |(a, b)| (a, Some(b)));
        let path: Module = [above, &parts(path)].concat();
        let path: Module = path.into_iter().filter(|name| name != "*").collect();
        let last = path.last().cloned().unwrap_or_default();
        found.push((path, name.map_or(last, str::to_owned)));
    }
}

fn parts(path: &str) -> Module {
    path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Paths within the code that begin at the crate or above, under no name of their own.
fn inline(code: &str) -> Vec<(Module, String)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let lines = code.lines().filter(|line| !line.trim_start_matches("pub ").starts_with("use "));
    lines
        .flat_map(|line| line.split(move |c| !is_part(c)))
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"))
        .map(|word| (parts(word), String::new()))
        .collect()
}
