//! Compiled code is trusted with the whole process: only what this installation has compiled is ever loaded.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::json;
use test_support::patchpanel::Patchpanel;

use super::{log, types};

/// Puts something at a path.
type Place = fn(&Path);

/// The one compiled connector.
fn compiled(host: &Patchpanel) -> PathBuf {
    let entries = host.directory().path().join("data/compiled").read_dir().unwrap();
    let mut files =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "cwasm"));
    let file = files.next().unwrap();
    assert_eq!(files.next(), None);
    file
}

/// How often a host in this directory has said that it does not trust a compiled connector.
fn distrusted(host: &Patchpanel, file: &Path) -> usize {
    let lines = log(host).into_iter().filter(|line| line["path"] == json!(file.to_str().unwrap()));
    lines.filter(|line| line["message"].as_str().unwrap().contains("does not carry this installation's mark")).count()
}

#[test]
fn a_compiled_connector_is_loaded_again_only_if_it_is_ours_and_untouched() {
    let mut host = Patchpanel::start().unwrap();
    let file = compiled(&host);
    let ours = std::fs::read(&file).unwrap();
    let theirs = std::fs::read(compiled(&Patchpanel::start().unwrap())).unwrap();
    let written = || std::fs::metadata(&file).unwrap().modified().unwrap();
    let restart = |host: &mut Patchpanel| {
        assert!(host.stop().unwrap().success());
        *host = Patchpanel::builder().directory(&host.directory().clone()).start().unwrap();
        assert_eq!(types(host), ["postgres"]);
    };

    let before = written();
    restart(&mut host);
    assert_eq!((distrusted(&host, &file), written()), (0, before), "an untouched one is used");

    let flipped = |index: usize| {
        let mut bytes = ours.clone();
        bytes[index] ^= 1;
        bytes
    };
    let altered = [
        ("a bit of the mark", flipped(0)),
        ("the first bit of the code", flipped(32)),
        ("a bit in the middle", flipped(ours.len() / 2)),
        ("the last bit", flipped(ours.len() - 1)),
        ("of another installation", theirs),
        ("without its end", ours[..ours.len() - 1].to_vec()),
        ("without a mark", ours[32..].to_vec()),
        ("shorter than a mark", ours[..31].to_vec()),
        ("empty", Vec::new()),
    ];
    for (count, (what, bytes)) in altered.into_iter().enumerate() {
        std::fs::write(&file, &bytes).unwrap();
        restart(&mut host);
        assert_eq!(distrusted(&host, &file), count + 1, "{what}");
        assert_eq!(compiled(&host), file, "{what}");
        assert_ne!(std::fs::read(&file).unwrap(), bytes, "{what}: it was compiled again");
    }
    let before = written();
    restart(&mut host);
    assert_eq!(written(), before, "what was compiled again is used");

    let odd: [(&str, Place); 3] = [
        ("a device without an end", |file| symlink("/dev/zero", file).unwrap()),
        ("a pipe without a writer", |file| mkfifoat(CWD, file, Mode::RUSR | Mode::WUSR).unwrap()),
        ("a file of a tebibyte", |file| std::fs::File::create(file).unwrap().set_len(1 << 40).unwrap()),
    ];
    for (what, place) in odd {
        std::fs::remove_file(&file).unwrap();
        place(&file);
        restart(&mut host);
        assert_eq!(std::fs::symlink_metadata(&file).unwrap().len(), ours.len() as u64, "{what}: it was compiled again");
    }
}
