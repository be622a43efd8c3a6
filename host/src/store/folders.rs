use super::Dir;
use crate::model::TenantId;
use std::io;

/// Where the folders of a home come from: its own, and each tenant's. [`Below`] is the usual place;
/// whoever keeps tenants on several disks writes another.
///
/// A tenant's folder must be that tenant's alone: the host reaches what is in it and nothing else,
/// and believes that it is the one that was asked for.
pub trait Folders: Send + Sync {
    /// The home's own folder: the roster, the grants, the modules, what is compiled.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn home(&self) -> io::Result<Dir>;

    /// The names of what may be tenants' folders, in any order. What is no tenant's id is told to
    /// the operator as such.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn tenants(&self) -> io::Result<Vec<String>>;

    /// A tenant's folder.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none; others when it cannot be opened.
    fn tenant(&self, tenant: &TenantId) -> io::Result<Dir>;

    /// Makes the folder of a new tenant.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where it is there; others when it cannot be made.
    fn add_tenant(&self, tenant: &TenantId) -> io::Result<Dir>;
}

/// Everything below one folder: `tenants/ID` is a tenant's.
#[derive(Debug)]
pub struct Below {
    root: Dir,
}

impl Below {
    /// Below this folder.
    pub fn new(root: Dir) -> Self {
        Self { root }
    }
}

impl Folders for Below {
    fn home(&self) -> io::Result<Dir> {
        self.root.try_clone()
    }

    fn tenants(&self) -> io::Result<Vec<String>> {
        folders(&self.root, "tenants")
    }

    fn tenant(&self, tenant: &TenantId) -> io::Result<Dir> {
        let path = format!("tenants/{tenant}");
        // A link would make one tenant's folder another's.
        if self.root.symlink_metadata(&path)?.is_symlink() {
            let error = "is a link; a tenant's folder is a folder of its own";
            return Err(io::Error::other(error));
        }
        let folder = self.root.open_dir(&path)?;
        // One that cannot be listed or searched is found here, and not at the first file that seems missing.
        folder.entries()?;
        match folder.symlink_metadata("trail") {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            Ok(_) | Err(_) => Ok(folder),
        }
    }

    fn add_tenant(&self, tenant: &TenantId) -> io::Result<Dir> {
        super::file::make_private_dir(&self.root, "tenants")?;
        self.root.create_dir(format!("tenants/{tenant}"))?;
        self.tenant(tenant)
    }
}

/// The names of the folders in a folder; none where it is not there.
pub(super) fn folders(root: &Dir, below: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let entries = match root.read_dir(below) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(e) => return Err(e),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}
