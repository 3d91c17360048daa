//! Which module of `src` imports which, read from the text of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The path of a module in the crate, one name per level.
pub type Module = Vec<String>;

/// The modules, with the items that each of them names.
#[derive(Default)]
pub struct Sources {
    /// The items that each module names.
    names: BTreeMap<Module, Vec<Name>>,
    /// Modules that only declare others and re-export their items.
    facades: BTreeSet<Module>,
}

/// An item that a module names.
struct Name {
    path: Module,
    /// Its name in the module; empty for a path within the code.
    name: String,
    /// Whether it is re-exported: `pub use`.
    is_reexport: bool,
}

impl Sources {
    /// Adds a file: its path in `src`, and its text.
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
        let code = without_comments(&without_tests(text));
        let defines = code.lines().any(|line| {
            let line = line.trim_start_matches("pub ");
            let items = [
                "fn ", "struct ", "enum ", "trait ", "impl ", "impl<", "const ", "static ", "type ",
            ];
            items.iter().any(|item| line.starts_with(item))
        });
        if path.ends_with("mod.rs") && !defines {
            self.facades.insert(module.clone());
        }
        let names = used(&code).into_iter().chain(inline(&code)).collect();
        self.names.insert(module, names);
    }

    /// Every import of one module by another, through all re-exports.
    pub fn imports(&self) -> BTreeSet<(Module, Module)> {
        let mut found = BTreeSet::new();
        for (module, names) in &self.names {
            for Name { path, is_reexport, .. } in names {
                let Some(target) = self.absolute(module, path).and_then(|path| self.home(path, 0))
                else {
                    continue;
                };
                let is_own = target == *module || target.is_empty();
                let is_own = is_own || (*is_reexport && target.starts_with(module));
                if !is_own && !self.facades.contains(module) && !self.facades.contains(&target) {
                    found.insert((module.clone(), target));
                }
            }
        }
        found
    }

    /// The path from the crate's root; `None` for a path into another crate.
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
        let named = self.names[&module].iter().filter(|named| named.name == *item);
        let reexports = named.filter_map(|named| self.absolute(&module, &named.path));
        match reexports.into_iter().find(|target| target[..] != path[..=length]) {
            Some(target) => self.home([&target[..], &path[length + 1..]].concat(), depth + 1),
            None => Some(module),
        }
    }
}

/// The code without the items of tests, which may import anything. Each ends with the first `;` or `}` at
/// the indentation of its attribute.
pub fn without_tests(text: &str) -> String {
    let (mut code, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        let item = line.trim_start();
        if !["#[cfg(test)]", "#[cfg(all(test"].iter().any(|start| item.starts_with(start)) {
            code.push(line);
            continue;
        }
        let indentation = line.len() - item.len();
        let is_end = |line: &str| {
            line.len() - line.trim_start().len() == indentation && line.ends_with([';', '}'])
        };
        lines.by_ref().find(|line| is_end(line));
    }
    code.join("\n")
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// All `use` items.
fn used(code: &str) -> Vec<Name> {
    let mut found = Vec::new();
    let mut statement = String::new();
    for line in code.lines() {
        let is_use =
            line.starts_with("use ") || (line.starts_with("pub") && line.contains(" use "));
        if statement.is_empty() && !is_use {
            continue;
        }
        statement += line.trim();
        if let Some(item) = statement.strip_suffix(';') {
            let (visibility, tree) = item.split_once("use ").expect("a use item contains `use `");
            leaves(&[], tree, !visibility.is_empty(), &mut found);
            statement.clear();
        }
    }
    found
}

/// The leaves of a tree such as `super::{a, b::{c, d as e}}`.
fn leaves(above: &[String], tree: &str, is_reexport: bool, found: &mut Vec<Name>) {
    if let Some((path, inside)) = tree.strip_suffix('}').and_then(|tree| tree.split_once('{')) {
        let above = [above, &parts(path)].concat();
        let mut depth = 0;
        let branch = |letter: char| {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            letter == ',' && depth == 0
        };
        inside.split(branch).for_each(|branch| leaves(&above, branch.trim(), is_reexport, found));
    } else if !tree.is_empty() {
        let (path, name) = tree.split_once(" as ").map_or((tree, None), |(a, b)| (a, Some(b)));
        let path: Module = [above, &parts(path)].concat();
        let path: Module = path.into_iter().filter(|name| name != "*").collect();
        let last = path.last().cloned().unwrap_or_default();
        found.push(Name { path, name: name.map_or(last, str::to_owned), is_reexport });
    }
}

fn parts(path: &str) -> Module {
    path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Paths within the code that start with `crate` or `super`.
fn inline(code: &str) -> Vec<Name> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let lines = code.lines().filter(|line| !line.trim_start_matches("pub ").starts_with("use "));
    lines
        .flat_map(|line| line.split(move |c| !is_part(c)))
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"))
        .map(|word| Name { path: parts(word), name: String::new(), is_reexport: false })
        .collect()
}
