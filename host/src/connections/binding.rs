//! What stored credentials were accepted for, against what a connector now wants to do with them.

use std::collections::BTreeSet;

use crate::connectors::Binding;

/// The names of the credentials among `kept` that would go anywhere else than before, sorted.
pub(crate) fn moved(kept: &[String], stored: &[Binding], wanted: &[Binding]) -> Vec<String> {
    let of = |bindings: &[Binding], name: &str| -> BTreeSet<Binding> {
        bindings.iter().filter(|binding| binding.credential == name).cloned().collect()
    };
    let moved: BTreeSet<_> = kept.iter().filter(|name| of(stored, name) != of(wanted, name)).cloned().collect();
    moved.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(credential: &str) -> Binding {
        Binding {
            credential: credential.into(),
            driver: "postgres".into(),
            scheme: "password".into(),
            endpoint_role: "data".into(),
            host: "db.example.com".into(),
            port: 5432,
            tls_mode: "verify-full".into(),
            server_name: "db.example.com".into(),
            roots_digest: String::new(),
        }
    }

    #[test]
    fn every_part_of_a_binding_counts() {
        let kept = ["password".to_owned()];
        let stored = [binding("password"), binding("username")];
        assert_eq!(moved(&kept, &stored, &stored), [""; 0]);
        let reordered = [binding("username"), binding("password"), binding("password")];
        assert_eq!(moved(&kept, &stored, &reordered), [""; 0]);
        let changes: [fn(&mut Binding); 8] = [
            |binding| binding.driver = "mysql".into(),
            |binding| binding.scheme = "oauth".into(),
            |binding| binding.endpoint_role = "token".into(),
            |binding| binding.host = "evil.example.com".into(),
            |binding| binding.port = 5433,
            |binding| binding.tls_mode = "require".into(),
            |binding| binding.server_name = "evil.example.com".into(),
            |binding| binding.roots_digest = "00".into(),
        ];
        for change in changes {
            let mut wanted = stored.clone();
            change(&mut wanted[0]);
            assert_eq!(moved(&kept, &stored, &wanted), ["password"], "{wanted:?}");
            assert_eq!(moved(&["username".to_owned()], &stored, &wanted), [""; 0]);
            let twice = [stored[0].clone(), wanted[0].clone(), stored[1].clone()];
            assert_eq!(moved(&kept, &stored, &twice), ["password"], "also to a second place: {twice:?}");
        }
    }

    #[test]
    fn a_credential_that_was_bound_to_nothing_goes_nowhere() {
        assert_eq!(moved(&["key".to_owned()], &[], &[binding("key")]), ["key"]);
        assert_eq!(moved(&["key".to_owned()], &[], &[]), [""; 0]);
        assert_eq!(moved(&[], &[], &[binding("key")]), [""; 0], "one that was just sent may go anywhere");
    }
}
