/// The longest entry a bundle can hold, in bytes: its length is an unsigned number of 16 bits.
pub const MAX_BUNDLED: usize = 0xFFFF;

/// What is wrong with an entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleFault {
    /// An entry is longer than [`MAX_BUNDLED`].
    #[error("an entry of {0} bytes does not fit in a bundle, which takes at most 65535")]
    TooLong(usize),
    /// The bytes end within an entry or before it.
    #[error("the bundle ends within entry {0} of it")]
    Short(u16),
    /// There are bytes behind the last entry.
    #[error("{0} bytes stand behind the bundle's last entry")]
    Behind(usize),
}

/// Adds an entry to a bundle: its length in bytes as a big-endian number of 16 bits, and the entry
/// (C2SP tlog-tiles).
///
/// # Errors
/// When the entry is longer than [`MAX_BUNDLED`]; the bundle is then as it was.
pub fn bundle_push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleFault> {
    let length = u16::try_from(entry.len()).map_err(|_| BundleFault::TooLong(entry.len()))?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle that is this wide.
///
/// # Errors
/// When there are fewer, or anything stands behind them.
pub fn bundle_read(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleFault> {
    let mut rest = bytes;
    let mut entries = Vec::new();
    for number in 0..width {
        let (entry, behind) = split(rest).ok_or(BundleFault::Short(number))?;
        entries.push(entry);
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(BundleFault::Behind(rest.len()));
    }
    Ok(entries)
}

/// The first entry, and what stands behind it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_holds_entries_behind_their_lengths() {
        let mut bundle = Vec::new();
        bundle_push(&mut bundle, b"ab").unwrap();
        bundle_push(&mut bundle, b"").unwrap();
        bundle_push(&mut bundle, &[b'c'; 0x102]).unwrap();
        assert_eq!(&bundle[..8], b"\x00\x02ab\x00\x00\x01\x02");
        let entries = bundle_read(&bundle, 3).unwrap();
        assert_eq!(entries, [&b"ab"[..], b"", &[b'c'; 0x102]]);
    }

    #[test]
    fn a_bundle_has_neither_fewer_nor_more_than_it_is_wide() {
        let mut bundle = Vec::new();
        bundle_push(&mut bundle, b"ab").unwrap();
        bundle_push(&mut bundle, b"c").unwrap();
        for cut in 0..bundle.len() {
            let short = BundleFault::Short(u16::from(cut >= 4));
            assert_eq!(bundle_read(&bundle[..cut], 2), Err(short));
        }
        assert_eq!(bundle_read(&bundle, 1), Err(BundleFault::Behind(3)));
        assert_eq!(bundle_read(&bundle, 3), Err(BundleFault::Short(2)));
        assert_eq!(bundle_read(b"\xFF\xFFab", 1), Err(BundleFault::Short(0)));
    }

    #[test]
    fn an_entry_too_long_for_a_bundle_leaves_it_as_it_was() {
        let mut bundle = Vec::new();
        bundle_push(&mut bundle, &[0; MAX_BUNDLED]).unwrap();
        let before = bundle.clone();
        let long = bundle_push(&mut bundle, &[0; MAX_BUNDLED + 1]);
        assert_eq!(long, Err(BundleFault::TooLong(MAX_BUNDLED + 1)));
        assert_eq!(bundle, before);
        assert_eq!(bundle_read(&bundle, 1).unwrap()[0].len(), MAX_BUNDLED);
    }
}
