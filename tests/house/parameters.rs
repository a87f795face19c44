//! How many parameters a crate's public functions take.

use std::path::Path;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, ItemFn, ItemMod, Signature, TraitItemFn, Visibility};

/// What takes more parameters than that in the file, one line for each.
pub fn long_signatures(path: &Path, max_parameters: usize) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a source file that can be read");
    let file = syn::parse_file(&text).expect("a source file that parses");
    let mut found = Found {
        max_parameters,
        names: Vec::new(),
    };
    found.visit_file(&file);
    found.names
}

struct Found {
    max_parameters: usize,
    names: Vec<String>,
}

impl Found {
    /// The receiver does not count.
    fn count(&mut self, signature: &Signature) {
        let parameters = signature.inputs.len() - usize::from(signature.receiver().is_some());
        if parameters > self.max_parameters {
            self.names
                .push(format!("{}: {parameters}", signature.ident));
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .to_token_stream()
                .to_string()
                .contains("test")
    })
}

impl<'a> Visit<'a> for Found {
    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        if is_public(&function.vis) {
            self.count(&function.sig);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        if is_public(&function.vis) {
            self.count(&function.sig);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'a TraitItemFn) {
        self.count(&function.sig);
    }
}
