//! What RFC 6962 and those who implement it say of known trees: the vectors of the Certificate
//! Transparency log and of `transparency-dev/merkle`.

use super::*;

const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn tree(size: usize) -> Tree {
    let mut tree = Tree::new();
    for entry in &ENTRIES[..size] {
        tree.push(&hex::decode(entry).unwrap());
    }
    tree
}

fn hash(text: &str) -> Hash {
    Hash::parse(text).unwrap()
}

#[test]
fn leaves_and_nodes_are_hashed_as_rfc_6962_says() {
    let hexed = |hash: Hash| hex::encode(hash.as_bytes());
    assert_eq!(hexed(Hash::empty()), ROOTS[0]);
    assert_eq!(hexed(Hash::leaf(b"")), ROOTS[1]);
    assert_eq!(
        hexed(Hash::leaf(b"L123456")),
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    );
    // `(printf '\x01'; head -c 32 /dev/zero; head -c 32 /dev/zero | tr '\0' '\377') | sha256sum`
    assert_eq!(
        hexed(Hash::node(
            &Hash::from_bytes([0; 32]),
            &Hash::from_bytes([0xFF; 32])
        )),
        "bc6b943b820c449acf880d293c216a24a8066b153f87f2361fae2beda3a72641"
    );
}

#[test]
fn the_roots_of_the_known_tree_are_known() {
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(tree(size).edge.root().as_bytes()), *root);
    }
}

/// `testdata/inclusion/{1,2,3}/happy-path.json`
#[test]
fn the_inclusion_proofs_of_the_known_tree_are_known() {
    let cases: [(u64, u64, &[&str]); 3] = [
        (
            0,
            8,
            &[
                "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
                "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
            ],
        ),
        (
            5,
            8,
            &[
                "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
                "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
                "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
            ],
        ),
        (2, 3, &["+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU="]),
    ];
    for (index, size, proof) in cases {
        let proof: Vec<_> = proof.iter().map(|text| hash(text)).collect();
        assert_eq!(inclusion(&mut tree(8), index, size), Ok(proof));
    }
}

/// `testdata/consistency/{1,2,3,4}/happy-path.json`
#[test]
fn the_consistency_proofs_of_the_known_tree_are_known() {
    let cases: [(u64, u64, &[&str]); 4] = [
        (
            1,
            8,
            &[
                "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
                "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
            ],
        ),
        (
            6,
            8,
            &[
                "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
                "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
                "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
            ],
        ),
        (
            2,
            5,
            &[
                "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
            ],
        ),
        (
            6,
            7,
            &[
                "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
                "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=",
                "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
            ],
        ),
    ];
    for (old, new, proof) in cases {
        let proof: Vec<_> = proof.iter().map(|text| hash(text)).collect();
        assert_eq!(consistency(&mut tree(8), old, new), Ok(proof));
    }
}

#[test]
fn a_hash_has_one_spelling() {
    let text = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    assert_eq!(hash(text).to_string(), text);
    for bad in [
        // The last character has two bits that stand for nothing.
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
        "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
        " CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA",
        "",
    ] {
        assert_eq!(Hash::parse(bad), None, "{bad}");
    }
}
