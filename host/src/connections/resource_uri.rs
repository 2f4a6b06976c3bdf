//! Resource URIs: `data:<org>:<project>:<slug>`, or `data:<org>::<slug>` for the whole organization. They are compared
//! whole and never parsed.

use super::names::composed;
use crate::auth::Tenant;
use crate::finding::Finding;

/// The longest slug, in characters.
const MAX_SLUG_CHARS: usize = 64;

/// What a new connection is called for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The whole.
    pub(super) resource_uri: String,
    /// Its last segment.
    pub(super) slug: String,
}

/// What a new connection is called: by its name, or as the client sent it.
pub(super) fn choose(tenant: &Tenant, name: &str, sent: Option<&str>) -> Result<Chosen, Finding> {
    let prefix = prefix(tenant);
    let Some(sent) = sent else {
        let slug = slug(name);
        return if slug.is_empty() {
            let message = "The name has no letter or digit to make a resource URI from.";
            Err(Finding::error("malformed", "/name", message)
                .with_hint("Use a name with letters or digits, or send a resource_uri."))
        } else {
            Ok(Chosen { resource_uri: prefix + &slug, slug })
        };
    };
    match sent.strip_prefix(&prefix) {
        Some(end) if !end.is_empty() && slug(end) == end => {
            Ok(Chosen { resource_uri: sent.to_owned(), slug: end.to_owned() })
        }
        _ => {
            let message = format!(
                "A resource URI here is `{prefix}` and a slug: at most {MAX_SLUG_CHARS} lower-case letters, digits, \
                 hyphens and underscores, no hyphen at either end and no two in a row."
            );
            Err(Finding::error("malformed", "/resource_uri", &message)
                .with_hint("Correct it, or leave it out and have it made from the name."))
        }
    }
}

fn prefix(tenant: &Tenant) -> String {
    format!("data:{}:{}:", tenant.organization, tenant.project.as_deref().unwrap_or_default())
}

/// In Unicode's normalization form C and lower case; letters and digits of any script, hyphens and underscores stay; every run of anything else becomes one
/// hyphen; none at either end. Applied to a slug it changes nothing.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in composed(name).chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() || character == '_' {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let end = slug.char_indices().nth(MAX_SLUG_CHARS).map_or(slug.len(), |(index, _)| index);
    slug[..end].trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(project: Option<&str>) -> Tenant {
        Tenant { organization: "acme".into(), project: project.map(Into::into) }
    }

    #[test]
    fn makes_slugs_from_names_of_any_script() {
        for (name, expected) in [
            ("Sales", "sales"),
            ("Sales  (EU) / 2024!", "sales-eu-2024"),
            ("  --x--y--  ", "x-y"),
            ("snake_case", "snake_case"),
            ("Übergröße", "übergröße"),
            ("U\u{308}bergro\u{308}ße", "übergröße"),
            ("売上データ", "売上データ"),
            ("İstanbul", "i-stanbul"),
            ("a:b/c%d\0e", "a-b-c-d-e"),
            ("…", ""),
            ("", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
            assert_eq!(slug(&slug(name)), slug(name), "{name} is not stable");
        }
        assert_eq!(slug(&"é".repeat(100)).chars().count(), 64);
        assert_eq!(slug(&format!("{} x", "a".repeat(63))), "a".repeat(63), "no hyphen where it was cut");
    }

    #[test]
    fn takes_only_a_resource_uri_of_the_tenant() {
        let chosen = |tenant: &Tenant, name, sent| {
            let Chosen { resource_uri, slug } = choose(tenant, name, sent).unwrap();
            (resource_uri, slug)
        };
        let named = |resource_uri: &str, slug: &str| (resource_uri.to_owned(), slug.to_owned());
        let sales = tenant(Some("sales"));
        assert_eq!(chosen(&sales, "Main DB", None), named("data:acme:sales:main-db", "main-db"));
        assert_eq!(chosen(&tenant(None), "Main DB", None), named("data:acme::main-db", "main-db"));
        let own = "data:acme:sales:own_slug-1";
        assert_eq!(chosen(&sales, "Main DB", Some(own)), named(own, "own_slug-1"));
        assert_eq!(choose(&tenant(Some("sales")), "…", None).unwrap_err().pointer, "/name");
        assert!(choose(&tenant(Some("sales")), "…", Some("data:acme:sales:own_slug-1")).is_ok());
        for sent in [
            "",
            "data:acme:sales:",
            "data:acme:sales:A",
            "data:acme:sales:a b",
            "data:acme:sales:-a",
            "data:acme:sales:a--b",
            "data:acme:sales:a:b",
            "data:acme::a",
            "data:acme:hr:a",
            "data:other:sales:a",
            "DATA:acme:sales:a",
            "data:acme:sales:u\u{308}ber",
        ] {
            let refused = choose(&tenant(Some("sales")), "name", Some(sent)).unwrap_err();
            assert_eq!(refused.pointer, "/resource_uri", "{sent}");
        }
        assert!(choose(&tenant(None), "name", Some("data:acme:sales:a")).is_err());
    }
}
