//! Compressed input, recognised by its first bytes and read as a stream.

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead as _, BufReader, Cursor, Read};

type Whole<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// An input, inflated where it is gzip (RFC 1952) or Zstandard (RFC 8878), with any number of members
/// or frames one behind the other; else as it is.
pub(super) enum Inflated<R: Read> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
    Zstd(Box<Zstd<R>>),
    Failed(Option<io::Error>),
}

impl<R: Read> Inflated<R> {
    pub(super) fn new(mut input: R) -> Self {
        let mut first = [0; 4];
        let mut have = 0;
        while have < first.len() {
            match input.read(first.get_mut(have..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Self::Failed(Some(e)),
            }
        }
        let first = first.get(..have).unwrap_or_default().to_vec();
        let whole = |first: Vec<u8>| Cursor::new(first).chain(input);
        if first.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip(Box::new(MultiGzDecoder::new(whole(first))))
        } else if is_zstd(&first) {
            Self::Zstd(Box::new(Zstd {
                input: BufReader::new(whole(first)),
                decoder: FrameDecoder::new(),
                in_frame: false,
            }))
        } else {
            Self::Plain(whole(first))
        }
    }
}

/// The magic number of a frame, or one of those of a frame to be skipped.
fn is_zstd(first: &[u8]) -> bool {
    matches!(
        first,
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18]
    )
}

/// Zstandard frames. A window over 128 MiB, the library's bound, is refused.
pub(super) struct Zstd<R: Read> {
    input: BufReader<Whole<R>>,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: Read> Zstd<R> {
    /// Goes to the next frame; whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.input).take(length.into()), &mut io::sink())?;
                }
                Err(e) => return Err(damaged("zstd", &e)),
            }
        }
        Ok(false)
    }

    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if !self.begin()? {
                    return Ok(0);
                }
                self.in_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|e| damaged("zstd", &e))?;
            }
            let read = self.decoder.read(to)?;
            if read > 0 {
                return Ok(read);
            }
            if let Some(written) = self.decoder.get_checksum_from_data()
                && self.decoder.get_calculated_checksum() != Some(written)
            {
                return Err(damaged("zstd", &"its checksum is another"));
            }
            self.in_frame = false;
        }
    }
}

fn damaged(format: &str, why: &dyn std::fmt::Display) -> io::Error {
    let why = format!("the {format} data is damaged or cut off: {why}");
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Plain(input) => input.read(to),
            Self::Gzip(input) => input.read(to).map_err(|e| {
                let of_format = matches!(
                    e.kind(),
                    io::ErrorKind::UnexpectedEof
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::InvalidData
                );
                if of_format { damaged("gzip", &e) } else { e }
            }),
            Self::Zstd(input) => input.read(to),
            Self::Failed(error) => error.take().map_or(Ok(0), Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        ruzstd::encoding::compress_to_vec(text, level)
    }

    fn read(input: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Inflated::new(input).read_to_end(&mut out)?;
        Ok(out)
    }

    fn sample() -> Vec<u8> {
        (0..60_000u32)
            .flat_map(|n| format!("{{\"n\":{n}}}\n").into_bytes())
            .collect()
    }

    #[test]
    fn compressed_input_is_read_as_what_was_compressed() {
        let text = sample();
        for pack in [gzip, zstd] {
            assert_eq!(read(&pack(&text)).unwrap(), text);
            // Members and frames one behind the other, as log shippers write them.
            let both = [pack(&text), pack(b"end")].concat();
            assert_eq!(read(&both).unwrap(), [text.as_slice(), b"end"].concat());
        }
        let skipped = [
            &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..],
            &zstd(b"x"),
        ]
        .concat();
        assert_eq!(read(&skipped).unwrap(), b"x");
        for plain in [&b""[..], b"{", b"{}\n", b"\x1f", b"(\xb5/"] {
            assert_eq!(read(plain).unwrap(), plain);
        }
    }

    #[test]
    fn compressed_input_that_is_cut_off_or_changed_is_an_error_and_never_an_end() {
        let text = sample();
        for pack in [gzip, zstd] {
            let packed = pack(&text);
            for cut in [5, 20, packed.len() / 2, packed.len() - 1] {
                let error = read(&packed[..cut]).unwrap_err();
                assert!(
                    error.to_string().contains("damaged or cut off"),
                    "{cut}: {error}"
                );
            }
            let mut changed = packed.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 0x55;
            assert!(read(&changed).is_err());
        }
    }

    #[test]
    fn whatever_is_flipped_in_compressed_input_reading_it_ends() {
        let mut n: u64 = 3;
        for pack in [gzip, zstd] {
            let packed = pack(&sample()[..4000]);
            for _ in 0..400 {
                n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let mut changed = packed.clone();
                let at = (n >> 33) as usize % changed.len();
                changed[at] ^= (n >> 20) as u8 | 1;
                let _ = read(&changed);
            }
        }
    }
}
