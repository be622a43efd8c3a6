//! Each capability as a type, so that a permission for one cannot be used for another.

use super::Capability;

/// A capability, as a type. There is one for each [`Capability`], and nobody can add one.
pub trait Access: sealed::Sealed + std::fmt::Debug + 'static {
    /// The capability.
    const CAPABILITY: Capability;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! accesses {
    ($($name:ident $says:literal,)*) => {
        $(
            #[doc = $says]
            #[derive(Debug)]
            pub enum $name {}

            impl sealed::Sealed for $name {}

            impl Access for $name {
                const CAPABILITY: Capability = Capability::$name;
            }
        )*

        #[cfg(test)]
        const TYPED: &[Capability] = &[$($name::CAPABILITY,)*];
    };
}

accesses! {
    Assets "Access to the tenant's list of machines, accounts and services.",
    KnownGood "Access to the tenant's facts about what is normal.",
    Memory "Access to the module's own notes on the tenant.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_a_type_of_its_own() {
        assert_eq!(TYPED, Capability::ALL);
    }
}
