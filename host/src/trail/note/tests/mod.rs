//! Facts about notes, proofs, requests to witnesses and policies.

mod checkpoints;
mod cosignatures;
mod keys;
mod known;
mod policies;
mod proofs;
mod requests;

use super::*;
use crate::trail::merkle::{Edge, Hash};

pub(super) const ORIGIN: &str = "example.com/log/7f3a";

/// A log's own signer.
pub(super) fn log() -> MemorySigner {
    MemorySigner::from_seed(ORIGIN, [7; 32]).unwrap()
}

pub(super) fn witness(number: u8) -> MemorySigner {
    let name = format!("witness.example/w{number}");
    MemorySigner::new(&name, KeyKind::Cosignature, [100 + number; 32]).unwrap()
}

/// The edge of a log whose entries are the numbers below `size`, each as one byte.
pub(super) fn edge(size: u8) -> Edge {
    let mut edge = Edge::new();
    (0..size).for_each(|number| edge.push(Hash::leaf(&[number])));
    edge
}

pub(super) fn checkpoint(size: u8) -> Checkpoint {
    Checkpoint::new(ORIGIN, u64::from(size), edge(size).root()).unwrap()
}

pub(super) fn signed(size: u8) -> SignedCheckpoint {
    SignedCheckpoint::sign(checkpoint(size), &log()).unwrap()
}

/// A checkpoint that these witnesses cosigned, each at a time that tells it.
pub(super) fn cosigned(size: u8, witnesses: &[u8]) -> SignedCheckpoint {
    witnesses.iter().fold(signed(size), |note, number| {
        let signer = witness(*number);
        let time = 1_795_000_000 + u64::from(*number);
        let cosignature = Cosignature::sign(note.unverified(), time, &signer).unwrap();
        note.with_cosignature(&cosignature, signer.key()).unwrap()
    })
}

/// Each of these bytes with each of its bits flipped, one at a time.
pub(super) fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut other = bytes.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        other
    })
}
