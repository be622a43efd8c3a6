//! Standard base64 with padding (RFC 4648, section 4), of which each value has one spelling.

use base64ct::{Base64, Encoding as _};

/// The one spelling of these bytes.
pub(in crate::trail) fn write(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// The bytes, if this is how they are spelled.
pub(in crate::trail) fn read(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text).ok()?;
    // Compared rather than trusted: bits behind the last byte would be bits that nobody signed.
    (write(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(read("AA==").as_deref(), Some(&[0][..]));
        assert_eq!(read("").as_deref(), Some(&[][..]));
        for bad in [
            "AB==", "AA", "AA=", "AA===", "A", "AAB=", "=", "====", "AA==\n", " AA==", "AA==AA==",
            "A-==", "A_==", "AÄ==",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            assert_eq!(read(&write(&bytes)), Some(bytes));
        }
    }
}
