//! The modules of a crate, and which file refers to which.
//!
//! An arrow goes from a file to the file in which a name that it uses is *defined*: a name that
//! comes through a re-export leads to the definition, not to the re-export. A `mod` line is no
//! arrow, and neither is a module's re-export of what its own submodules define, unless the file
//! uses the name besides. A file may use what a module above it defines (a trait in the file that
//! lists its implementations): that is no arrow either. What stands under `#[cfg(test)]` does not
//! count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, UseTree};

/// The modules of a crate, the root first.
pub struct Crate {
    files: Vec<PathBuf>,
    modules: Vec<Module>,
}

struct Module {
    parent: Option<usize>,
    file: usize,
    children: BTreeMap<String, usize>,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    /// Every path in the module's own items.
    paths: BTreeSet<Vec<String>>,
}

struct Import {
    path: Vec<String>,
    /// `None` for a glob.
    name: Option<String>,
    public: bool,
}

/// Where a path leads.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// Something that is defined in this module.
    Item(usize),
}

impl Crate {
    /// Reads the crate whose first file is `entry`.
    pub fn read(entry: &Path) -> Self {
        let mut krate = Self {
            files: Vec::new(),
            modules: Vec::new(),
        };
        let folder = entry.parent().expect("a file lies in a folder");
        krate.read_file(entry, folder, None);
        krate
    }

    /// Its files.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// From which file to which references go, by place in [`Crate::files`], and by which paths.
    pub fn arrows(&self) -> BTreeMap<(usize, usize), BTreeSet<String>> {
        let mut arrows: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (index, module) in self.modules.iter().enumerate() {
            let imports = module.imports.iter().filter(|import| {
                let forwards = import.public
                    && self
                        .resolve(index, &import.path, 0)
                        .is_some_and(|target| self.is_inside(target.module(), index));
                !forwards
            });
            let imports = imports.map(|import| &import.path);
            let paths = module.paths.iter().filter(|path| {
                // A lone name that is a module's is a variable or a field.
                path.len() > 1 || !module.children.contains_key(&path[0])
            });
            for path in imports.chain(paths) {
                if let Some(target) = self.resolve(index, path, 0) {
                    let to = self.modules[target.module()].file;
                    if to != module.file && !self.is_inside(index, target.module()) {
                        let paths = arrows.entry((module.file, to)).or_default();
                        paths.insert(path.join("::"));
                    }
                }
            }
        }
        arrows
    }

    fn is_inside(&self, mut module: usize, outer: usize) -> bool {
        loop {
            if module == outer {
                return true;
            }
            match self.modules[module].parent {
                Some(parent) => module = parent,
                None => return false,
            }
        }
    }

    /// Follows `path` from `module`; `None` for what is defined in another crate.
    fn resolve(&self, module: usize, path: &[String], depth: usize) -> Option<Target> {
        let mut at = module;
        let mut rest = path;
        while let Some((first, tail)) = rest.split_first() {
            match first.as_str() {
                "crate" => at = 0,
                "self" => {}
                "super" => at = self.modules[at].parent?,
                _ => break,
            }
            rest = tail;
        }
        let mut found = Target::Module(at);
        for name in rest {
            found = match found {
                Target::Module(at) => self.lookup(at, name, depth)?,
                item => return Some(item),
            };
        }
        Some(found)
    }

    fn lookup(&self, module: usize, name: &str, depth: usize) -> Option<Target> {
        const DEEPEST: usize = 12;
        if depth > DEEPEST {
            return None;
        }
        let scope = &self.modules[module];
        if scope.defined.contains(name) {
            return Some(Target::Item(module));
        }
        if let Some(&child) = scope.children.get(name) {
            return Some(Target::Module(child));
        }
        let named = |import: &&Import| import.name.as_deref() == Some(name);
        if let Some(import) = scope.imports.iter().find(named) {
            return match import.path.first() {
                // `use rand::rand`: a name of another crate does not lead back here.
                Some(first) if first == name => self.modules[module]
                    .children
                    .get(name)
                    .and_then(|_| self.resolve(module, &import.path, depth + 1)),
                _ => self.resolve(module, &import.path, depth + 1),
            };
        }
        let globs = scope.imports.iter().filter(|import| import.name.is_none());
        globs
            .filter_map(|import| self.resolve(module, &import.path, depth + 1))
            .find_map(|target| match target {
                Target::Module(other) if other != module => self.lookup(other, name, depth + 1),
                _ => None,
            })
    }

    fn read_file(&mut self, file: &Path, folder: &Path, parent: Option<usize>) -> usize {
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.files.push(file.to_path_buf());
        self.read_items(&parsed.items, self.files.len() - 1, folder, parent)
    }

    /// `folder`: where the files of the module's children are.
    fn read_items(
        &mut self,
        items: &[Item],
        file: usize,
        folder: &Path,
        parent: Option<usize>,
    ) -> usize {
        let module = self.modules.len();
        self.modules.push(Module {
            parent,
            file,
            children: BTreeMap::new(),
            defined: BTreeSet::new(),
            imports: Vec::new(),
            paths: BTreeSet::new(),
        });
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            match item {
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    let inner = folder.join(&name);
                    let index = match &child.content {
                        Some((_, items)) => self.read_items(items, file, &inner, Some(module)),
                        None => {
                            let flat = folder.join(format!("{name}.rs"));
                            let path = if flat.exists() {
                                flat
                            } else {
                                inner.join("mod.rs")
                            };
                            self.read_file(&path, &inner, Some(module))
                        }
                    };
                    self.modules[module].children.insert(name, index);
                }
                Item::Use(item) => {
                    let public = !matches!(item.vis, syn::Visibility::Inherited);
                    let imports = &mut self.modules[module].imports;
                    branches(&item.tree, &mut Vec::new(), &mut |path, name| {
                        imports.push(Import { path, name, public });
                    });
                }
                item => {
                    self.modules[module].defined.extend(defined_name(item));
                    paths(item.to_token_stream(), &mut self.modules[module].paths);
                }
            }
        }
        module
    }
}

impl Target {
    fn module(self) -> usize {
        match self {
            Self::Module(module) | Self::Item(module) => module,
        }
    }
}

/// Calls `leaf` with each path of a `use` tree and the name that it gets, `None` for a glob.
fn branches(
    tree: &UseTree,
    path: &mut Vec<String>,
    leaf: &mut impl FnMut(Vec<String>, Option<String>),
) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            branches(&step.tree, path, leaf);
            path.pop();
        }
        UseTree::Name(last) if last.ident == "self" => leaf(path.clone(), path.last().cloned()),
        UseTree::Name(last) => {
            let name = last.ident.to_string();
            leaf(
                [path.as_slice(), std::slice::from_ref(&name)].concat(),
                Some(name),
            );
        }
        UseTree::Rename(last) => {
            let mut whole = path.clone();
            if last.ident != "self" {
                whole.push(last.ident.to_string());
            }
            leaf(whole, Some(last.rename.to_string()));
        }
        UseTree::Glob(_) => leaf(path.clone(), None),
        UseTree::Group(group) => {
            for tree in &group.items {
                branches(tree, path, leaf);
            }
        }
    }
}

/// Every path among the tokens, of macros too; a name after a dot is a field or a method.
fn paths(tokens: TokenStream, found: &mut BTreeSet<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => paths(group.stream(), found),
            TokenTree::Ident(first) => {
                let after_dot = at > 0 && is(at - 1, '.') && !(at > 1 && is(at - 2, '.'));
                let mut path = vec![first.to_string()];
                while is(at + 1, ':') && is(at + 2, ':') {
                    let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else {
                        break;
                    };
                    path.push(next.to_string());
                    at += 3;
                }
                // `name:` is a field or an argument, never a path.
                let is_label = path.len() == 1 && is(at + 1, ':') && !is(at + 2, ':');
                // `pub(super)` names no module.
                let is_keyword = matches!(path[0].as_str(), "crate" | "self" | "super");
                if !after_dot && !is_label && (path.len() > 1 || !is_keyword) {
                    found.insert(path);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.meta.to_token_stream().to_string();
        text == "test" || text.replace(' ', "") == "cfg(test)"
    })
}

fn defined_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

#[test]
fn every_branch_of_a_use_tree_is_read() {
    let item: syn::ItemUse =
        syn::parse_str("use crate::a::{self, b::{C, D as E}, f::*};").expect("a use item");
    let mut found = Vec::new();
    branches(&item.tree, &mut Vec::new(), &mut |path, name| {
        found.push((path.join("::"), name.unwrap_or_default()));
    });
    let expected = [
        ("crate::a", "a"),
        ("crate::a::b::C", "C"),
        ("crate::a::b::D", "E"),
        ("crate::a::f", ""),
    ];
    assert_eq!(
        found,
        expected.map(|(path, name)| (path.to_owned(), name.to_owned()))
    );
}
