use super::*;

/// A policy with the keys of the log and of six witnesses put in for `LOG` and `W1` to `W6`.
fn policy(text: &str) -> Result<Policy, PolicyError> {
    let mut text = text.replace("LOG", &log().key().to_string());
    for number in 1..=6 {
        text = text.replace(&format!("W{number}"), &witness(number).key().to_string());
    }
    Policy::parse(text.as_bytes())
}

/// The example of C2SP tlog-policy.
const EXAMPLE: &str = "log LOG

witness X1 W1
witness X2 W2
witness X3 W3
group X-witnesses 2 X1 X2 X3

witness Y1 W4
witness Y2 W5
witness Y3 W6
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
";

#[test]
fn the_quorum_of_the_example_is_two_of_some_and_one_of_others() {
    let policy = policy(EXAMPLE).unwrap();
    for chosen in 0..64_u8 {
        let by: Vec<u8> = (1..=6).filter(|n| chosen >> (n - 1) & 1 == 1).collect();
        let xs = by.iter().filter(|number| **number <= 3).count();
        let ys = by.len() - xs;
        let found = policy.satisfied(&cosigned(9, &by));
        assert_eq!(found.is_ok(), xs >= 2 && ys >= 1, "{by:?}");
        if let Ok(found) = found {
            let times = found.iter().map(|found| found.time - 1_795_000_000);
            assert!(times.eq(by.iter().map(|number| u64::from(*number))));
        }
    }
    let fault = policy.satisfied(&cosigned(9, &[1, 5])).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the quorum `X-and-Y` is not reached; cosigned by: X1, Y2"
    );
}

#[test]
fn a_quorum_can_be_one_witness_or_none() {
    let one = policy("log LOG\nwitness w W1\nquorum w\n").unwrap();
    assert!(one.satisfied(&cosigned(9, &[1])).is_ok());
    one.satisfied(&cosigned(9, &[2])).unwrap_err();
    let none = policy("log LOG\nquorum none\n").unwrap();
    assert_eq!(none.satisfied(&signed(9)), Ok(Vec::new()));
    let known = policy("log LOG\nwitness w W1 https://w.example/\nquorum none\n").unwrap();
    let note = cosigned(9, &[1]);
    let found = known.satisfied(&note).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].witness.name(), b"w");
    assert_eq!(found[0].witness.url(), Some(&b"https://w.example/"[..]));
}

#[test]
fn a_log_that_is_not_known_is_not_believed() {
    let other = MemorySigner::from_seed(ORIGIN, [8; 32]).unwrap();
    let text = format!("log {} https://log.example/\nquorum none\n", other.key());
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let (key, url) = policy.logs().next().unwrap();
    assert_eq!(
        (key, url),
        (other.key(), Some(&b"https://log.example/"[..]))
    );
    let fault = PolicyFault::Log(ORIGIN.to_owned());
    assert_eq!(policy.satisfied(&signed(9)), Err(fault));
    let two = self::policy(&format!("log {}\nlog LOG\nquorum none\n", other.key())).unwrap();
    assert!(two.satisfied(&signed(9)).is_ok());
    let nobody = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(nobody.satisfied(&signed(9)), Err(PolicyFault::NoLogs));
    assert_eq!(nobody.witnessed(&signed(9)), Ok(Vec::new()));
}

/// Even where the quorum is reached without it.
#[test]
fn an_unsound_signature_by_one_that_is_known_spoils_the_note() {
    let policy =
        policy("log LOG\nwitness a W1\nwitness b W2\ngroup g any a b\nquorum g\n").unwrap();
    let good = cosigned(9, &[1]);
    assert!(policy.satisfied(&good).is_ok());
    let of_other = Cosignature::sign(&checkpoint(8), 5, &witness(2)).unwrap();
    let note = good.with_signature(of_other.to_line()).unwrap();
    let unsound = NoteFault::Signature("witness.example/w2".to_owned());
    assert_eq!(policy.satisfied(&note), Err(PolicyFault::Note(unsound)));
    // One by a witness that nobody knows is passed over.
    let of_other = Cosignature::sign(&checkpoint(8), 5, &witness(3)).unwrap();
    let note = good.with_signature(of_other.to_line()).unwrap();
    assert!(policy.satisfied(&note).is_ok());
    let text = signed(9).as_str().replace("\n9\n", "\n8\n");
    let forged = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    let unsound = NoteFault::Signature(ORIGIN.to_owned());
    assert_eq!(policy.satisfied(&forged), Err(PolicyFault::Note(unsound)));
}

#[test]
fn white_space_and_comments_mean_nothing() {
    let policy = policy(
        " \t\n# a comment with k\u{e4}se\n\t #another\nlog\t \tLOG \n  witness w W1\t\nquorum w\n# end\n",
    )
    .unwrap();
    assert!(policy.satisfied(&cosigned(9, &[1])).is_ok());
}

#[test]
fn a_name_is_bytes() {
    let key = witness(1).key().to_string();
    let mut file = b"witness \xFF\xE2\x84\xAA ".to_vec();
    file.extend(key.as_bytes());
    file.extend(b"\nquorum \xFF\xE2\x84\xAA\n");
    let policy = Policy::parse(&file).unwrap();
    let names: Vec<_> = policy.witnesses().map(Witness::name).collect();
    assert_eq!(names, [b"\xFF\xE2\x84\xAA"]);
}

#[test]
fn a_policy_that_is_wrong_names_the_line_and_the_reason() {
    let name = |name: &str| name.to_owned();
    let group = "group <name> all|any|<k> <name>...";
    for (text, line, fault) in [
        ("", 1, PolicyLineFault::NoQuorum),
        ("log LOG\n\n", 3, PolicyLineFault::NoQuorum),
        ("quorum none", 1, PolicyLineFault::NoNewline),
        ("quorum none\r\n", 1, PolicyLineFault::Byte(b'\r')),
        ("# \u{7f}\nquorum none\n", 1, PolicyLineFault::Byte(0x7F)),
        (
            "quorum none\nquorum none\n",
            2,
            PolicyLineFault::SecondQuorum,
        ),
        ("quorum\n", 1, PolicyLineFault::Form("quorum <name>")),
        ("quorum a b\n", 1, PolicyLineFault::Form("quorum <name>")),
        ("quorum a\n", 1, PolicyLineFault::Unknown(name("a"))),
        (
            "quorum w\nwitness w W1\n",
            1,
            PolicyLineFault::Unknown(name("w")),
        ),
        ("Quorum none\n", 1, PolicyLineFault::Word(name("Quorum"))),
        ("log\n", 1, PolicyLineFault::Form("log <vkey> [<url>]")),
        (
            "log LOG a b\n",
            1,
            PolicyLineFault::Form("log <vkey> [<url>]"),
        ),
        ("log a\n", 1, PolicyLineFault::Key(KeyFault::Form)),
        (
            "log W1\n",
            1,
            PolicyLineFault::Kind(name("witness.example/w1")),
        ),
        ("log LOG\nlog LOG\n", 2, PolicyLineFault::SameKey(1)),
        ("witness w LOG\n", 1, PolicyLineFault::Kind(name(ORIGIN))),
        (
            "witness w\n",
            1,
            PolicyLineFault::Form("witness <name> <vkey> [<url>]"),
        ),
        ("witness none W1\n", 1, PolicyLineFault::Taken(name("none"))),
        (
            "witness w W1\nwitness w W2\n",
            2,
            PolicyLineFault::Taken(name("w")),
        ),
        (
            "witness w W1\nwitness v W1\n",
            2,
            PolicyLineFault::SameKey(1),
        ),
        (
            "witness w W1\ngroup w any w\n",
            2,
            PolicyLineFault::Taken(name("w")),
        ),
        (
            "witness w W1\ngroup none any w\n",
            2,
            PolicyLineFault::Taken(name("none")),
        ),
        (
            "witness w W1\ngroup g any g\n",
            2,
            PolicyLineFault::Unknown(name("g")),
        ),
        (
            "group g any none\n",
            1,
            PolicyLineFault::Unknown(name("none")),
        ),
        ("group g any\n", 1, PolicyLineFault::Form(group)),
        ("group g\n", 1, PolicyLineFault::Form(group)),
        (
            "witness w W1\ngroup g 0 w\n",
            2,
            PolicyLineFault::Threshold(1),
        ),
        (
            "witness w W1\ngroup g 2 w\n",
            2,
            PolicyLineFault::Threshold(1),
        ),
        (
            "witness w W1\ngroup g 01 w\n",
            2,
            PolicyLineFault::Threshold(1),
        ),
        (
            "witness w W1\ngroup g some w\n",
            2,
            PolicyLineFault::Threshold(1),
        ),
        (
            "witness w W1\ngroup g any w w\n",
            2,
            PolicyLineFault::Member(name("w")),
        ),
        (
            "witness w W1\nwitness v W2\ngroup g any w\ngroup h any v w\n",
            4,
            PolicyLineFault::Member(name("w")),
        ),
    ] {
        assert_eq!(policy(text), Err(PolicyError { line, fault }), "{text}");
    }
    // The same public key under another name is the same key.
    let renamed = MemorySigner::from_seed("example.com/other", [7; 32]).unwrap();
    let text = format!("log LOG\nlog {}\n", renamed.key());
    let fault = PolicyLineFault::SameKey(1);
    assert_eq!(policy(&text), Err(PolicyError { line: 2, fault }));
    let large = vec![b'#'; MAX_POLICY + 1];
    let fault = PolicyLineFault::TooLarge;
    assert_eq!(Policy::parse(&large), Err(PolicyError { line: 1, fault }));
    let shown = policy("\nlog a\n").unwrap_err().to_string();
    assert_eq!(shown, "line 2: a key is written `name+id+key`");
}

#[test]
fn a_policy_of_many_parties_is_read() {
    let mut text = String::new();
    for number in 0..32_u8 {
        let key = MemorySigner::from_seed(&format!("log{number}"), [number; 32]).unwrap();
        text += &format!("log {}\n", key.key());
        let kind = KeyKind::Cosignature;
        let key = MemorySigner::new(&format!("w{number}"), kind, [99 + number; 32]).unwrap();
        text += &format!(
            "witness w{number} {}\ngroup g{number} all w{number}\n",
            key.key()
        );
    }
    let all: String = (0..32).map(|number| format!(" g{number}")).collect();
    text += &format!("group all 20{all}\nquorum all\n");
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(
        (policy.logs().count(), policy.witnesses().count()),
        (32, 32)
    );
}
