//! Which of the names that there are was meant by one that there is not.

/// Longer names are nobody's slip, and comparing takes time with the square of the length.
const MAX_BYTES: usize = 64;

/// Words of the field for one thing, without case and separators: keywords of libpq, JDBC, ODBC and of drivers for Python
/// and JavaScript, and what other products call it.
const SYNONYMS: [&[&str]; 18] = [
    &["host", "hostname", "hostaddr", "server", "servername", "address", "addr", "datasource"],
    &["port", "portnumber", "tcpport"],
    &["database", "dbname", "databasename", "db", "catalog", "initialcatalog"],
    &["dbschema", "schema", "schemaname", "searchpath", "currentschema"],
    &["username", "user", "userid", "uid", "login", "dbuser", "principal"],
    &["password", "pwd", "pass", "passwd", "passphrase", "pw", "secret", "dbpassword"],
    &["sslmode", "ssl", "tls", "tlsmode", "usessl", "usetls", "encrypt", "encryption"],
    &["sslrootcert", "sslca", "cacert", "ca", "cafile", "rootcert", "rootcertificate", "cacertificate"],
    &["sslclientcert", "sslcert", "clientcert", "clientcertificate", "cert", "certificate"],
    &["sslclientkey", "sslkey", "clientkey", "privatekey", "key"],
    &["connecttimeoutms", "connecttimeout", "connectiontimeout", "logintimeout", "timeout"],
    &["poolmaxconnections", "poolsize", "maxpoolsize", "maxconnections", "maxopenconns", "connectionlimit"],
    &["connectiontype", "type", "kind", "driver", "engine", "dialect", "connector"],
    &["databaseconfig", "config", "configuration", "connection", "options", "parameters"],
    &["limit", "perpage", "pagesize", "size", "count", "maxresults"],
    &["sort", "orderby", "sortby", "order", "sorting"],
    &["search", "q", "query", "filter", "term"],
    &["postgres", "postgresql", "pg", "psql", "pgsql"],
];

/// The known name that was most likely meant by this one, which is none of them; nothing where none is like it. What counts
/// is, in this order: the same letters, another word of the field for the same thing, a few letters that are wrong, too many or
/// left out, and parts of a longer name. Of two that are as like, the first.
pub fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_BYTES {
        return None;
    }
    let given = words(name);
    let known = known.into_iter().filter(|known| known.len() <= MAX_BYTES && *known != name);
    let alike = known.filter_map(|known| Some((difference(&given, &words(known))?, known)));
    alike.min_by_key(|(difference, _)| *difference).map(|(_, known)| known)
}

/// How a sentence about a name that there is not ends: with a question for the one that was meant, or a full stop.
pub fn question<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    meant(name, known).map_or_else(|| ".".to_owned(), |meant| format!("; did you mean `{meant}`?"))
}

/// How different a name is from a known one; none if one cannot have been meant by the other.
fn difference(given: &[String], known: &[String]) -> Option<usize> {
    let (letters, of_known) = (given.concat(), known.concat());
    if letters.is_empty() || of_known.is_empty() {
        return None;
    }
    if letters == of_known {
        return Some(0);
    }
    if SYNONYMS.iter().any(|one| one.contains(&&*letters) && one.contains(&&*of_known)) {
        return Some(1);
    }
    let slips = strsim::osa_distance(&letters, &of_known);
    // A slip in every third letter makes another word.
    if slips <= letters.chars().count().min(of_known.chars().count()) / 3 {
        return Some(1 + slips);
    }
    let is_part = given.len() > 1 && given.iter().all(|word| known.contains(word));
    is_part.then(|| MAX_BYTES + known.len())
}

/// The words of `snake_case`, `kebab-case`, `camelCase` and `ABCWord`, in lower case.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let begins = lower || characters.peek().is_some_and(|next| next.is_lowercase());
        if !character.is_alphanumeric() || (begins && character.is_uppercase()) {
            words.push(String::new());
        }
        lower = character.is_lowercase() || character.is_numeric();
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_and_another_word_of_the_field_lead_to_the_name() {
        let members = "host port database db_schema schema ssl_mode ssl_root_cert ssl_client_cert auth_type \
                       connect_timeout_ms application_name pool_max_connections selected_tables";
        for (name, expected) in [
            ("sslmode", Some("ssl_mode")),
            ("sslMode", Some("ssl_mode")),
            ("SSL-MODE", Some("ssl_mode")),
            ("ssl", Some("ssl_mode")),
            ("sslrootcert", Some("ssl_root_cert")),
            ("sslcert", Some("ssl_client_cert")),
            ("root_cert", Some("ssl_root_cert")),
            ("hostaddr", Some("host")),
            ("hostname", Some("host")),
            ("Server", Some("host")),
            ("hots", Some("host")),
            ("prot", Some("port")),
            ("dbname", Some("database")),
            ("databse", Some("database")),
            ("search_path", Some("db_schema")),
            ("connect_timeout", Some("connect_timeout_ms")),
            ("timeout", Some("connect_timeout_ms")),
            ("auth_typ", Some("auth_type")),
            ("selectedTables", Some("selected_tables")),
            ("password", None),
            ("name", None),
            ("a", None),
            ("_", None),
            ("", None),
        ] {
            assert_eq!(meant(name, members.split_whitespace()), expected, "{name}");
        }
        assert_eq!(meant(&"host".repeat(17), ["host"]), None);
        assert_eq!(meant("user", ["username", "password"]), Some("username"));
        assert_eq!(meant("verify_full", ["verify-ca", "verify-full"]), Some("verify-full"));
        assert_eq!(meant("pages", ["page", "tags"]), Some("page"));
        assert_eq!(question("nmae", ["name"]), "; did you mean `name`?");
        assert_eq!(question("x", ["name"]), ".");
    }

    #[test]
    fn a_name_falls_into_words() {
        for (name, expected) in [
            ("snake_case", &["snake", "case"][..]),
            ("kebab-case", &["kebab", "case"]),
            ("camelCase2x", &["camel", "case2x"]),
            ("DBPassword", &["db", "password"]),
            ("__", &[]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
