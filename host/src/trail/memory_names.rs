use super::shelf::folders_above;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) files: BTreeMap<String, u64>,
    pub(super) folders: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Naming {
    Folder(String),
    File(String, u64),
    Rename(String, String),
    Remove(String),
    RemoveFolder(String),
}

impl Names {
    pub(super) fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::Folder(path) => {
                self.folders.insert(path.clone());
            }
            Naming::File(path, number) => {
                self.files.insert(path.clone(), *number);
            }
            Naming::Rename(from, to) => {
                if let Some(number) = self.files.remove(from) {
                    self.files.insert(to.clone(), number);
                }
            }
            Naming::Remove(path) => {
                self.files.remove(path);
            }
            Naming::RemoveFolder(path) => {
                self.folders.remove(path);
            }
        }
    }
}

impl Naming {
    pub(super) fn folder(&self) -> &str {
        let path = match self {
            Self::Folder(path)
            | Self::File(path, _)
            | Self::Remove(path)
            | Self::RemoveFolder(path) => path,
            Self::Rename(from, _) => from,
        };
        folders_above(path).next().unwrap_or(".")
    }
}

impl Names {
    pub(super) fn is_empty(&self, folder: &str) -> bool {
        let is_in = |path: &String| {
            path.strip_prefix(folder)
                .is_some_and(|p| p.starts_with('/'))
        };
        !self.files.keys().chain(&self.folders).any(is_in)
    }
}
