//! What may not stand in `database`: a connection string, which has a password in it as often as not.

/// Code, message and hint if this is a connection string instead of a name.
pub(crate) fn check(database: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let hint =
        "Send the database's name alone; host and port are members of their own, user and password are credentials.";
    let text = database.to_ascii_lowercase();
    if text.contains("://") {
        Some(("url", "database is a URL.", hint))
    } else if has_keyword(&text) {
        Some(("dsn", "database is a connection string.", hint))
    } else {
        None
    }
}

/// Whether a text sets a parameter as libpq's connection strings do (PostgreSQL manual, "Parameter Key Words"), or as those
/// of other drivers: `host=db user = me`, `Server=db;Password=x`.
fn has_keyword(text: &str) -> bool {
    const KEYWORDS: [&str; 13] = [
        "host", "hostaddr", "port", "dbname", "user", "password", "sslmode", "service", "server", "database",
        "username", "user id", "pwd",
    ];
    let ends_with = |before: &str, keyword: &str| {
        let rest = before.strip_suffix(keyword);
        rest.is_some_and(|rest| rest.chars().next_back().is_none_or(|last| !last.is_alphanumeric() && last != '_'))
    };
    let mut names = text.match_indices('=').map(|(at, _)| text[..at].trim_end());
    names.any(|before| KEYWORDS.iter().any(|keyword| ends_with(before, keyword)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_connection_strings() {
        for (database, code) in [
            ("sales", None),
            ("a=b", None),
            ("my_host=1", None),
            ("Größe 2 (neu)", None),
            ("postgres", None),
            ("postgres://u:p@h/d", Some("url")),
            ("POSTGRESQL://u:p@h/d", Some("url")),
            ("jdbc:postgresql://h/d?user=u", Some("url")),
            ("host=db password=p", Some("dsn")),
            ("dbname = d", Some("dsn")),
            ("d PASSWORD='p'", Some("dsn")),
            ("Server=db;Pwd=p", Some("dsn")),
            ("d;User Id=u", Some("dsn")),
        ] {
            assert_eq!(check(database).map(|(code, ..)| code), code, "{database}");
        }
    }
}
