//! The configuration: a flat object of plain texts and one number, read and written without a library, which would be
//! most of a guest.

/// A usable configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Where the database is.
    pub host: String,
    /// 5432 unless it is there.
    pub port: u16,
    /// Its name.
    pub database: String,
    /// A TLS mode; empty if absent.
    pub ssl_mode: String,
    /// What makes a connector misbehave; empty if absent.
    pub trigger: String,
}

impl Config {
    /// Reads a JSON object. None if a member is unknown, of a wrong type or missing, and for a text with an escape.
    pub fn read(json: &str) -> Option<Self> {
        let mut config = Self { port: 5432, ..Self::default() };
        let mut rest = json.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        while !rest.is_empty() {
            let (name, after) = text(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            rest = config.set(name, value)?.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(next) => Some(next.trim_start()).filter(|next| !next.is_empty())?,
                None if rest.is_empty() => rest,
                None => return None,
            };
        }
        let complete = !config.host.is_empty() && !config.database.is_empty() && config.port != 0;
        let is_mode = ["", "disable", "require", "verify-ca", "verify-full"].contains(&config.ssl_mode.as_str());
        (complete && is_mode && config.database.len() <= 1000).then_some(config)
    }

    /// Sets a member to the value at the start of a text; what follows it.
    fn set<'a>(&mut self, name: &str, value: &'a str) -> Option<&'a str> {
        if name == "port" {
            let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
            self.port = value[..end].parse().ok()?;
            return Some(&value[end..]);
        }
        let member = match name {
            "host" => &mut self.host,
            "database" => &mut self.database,
            "ssl_mode" => &mut self.ssl_mode,
            "trigger" => &mut self.trigger,
            _ => return None,
        };
        let (value, rest) = text(value)?;
        value.clone_into(member);
        Some(rest)
    }

    /// As JSON, with the defaults filled in.
    pub fn write(&self) -> String {
        let Self { host, port, database, ssl_mode, trigger } = self;
        let mut members = vec![format!(r#""host":"{host}","port":{port},"database":"{database}""#)];
        let optional =
            [("ssl_mode", ssl_mode), ("trigger", trigger)].into_iter().filter(|(_, value)| !value.is_empty());
        members.extend(optional.map(|(name, value)| format!(r#""{name}":"{value}""#)));
        format!("{{{}}}", members.join(","))
    }
}

/// The JSON string at the start of a text, if it has no escapes and no control characters, and what follows it.
fn text(json: &str) -> Option<(&str, &str)> {
    let (value, rest) = json.strip_prefix('"')?.split_once('"')?;
    let is_plain = !value.chars().any(|character| character == '\\' || character.is_control());
    is_plain.then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let short = r#" { "host" : "h" , "database" : "d" } "#;
        let config = Config::read(short).unwrap();
        assert_eq!(config.write(), r#"{"host":"h","port":5432,"database":"d"}"#);
        let long = r#"{"host":"h","port":1,"database":"d","ssl_mode":"require","trigger":"on"}"#;
        assert_eq!(Config::read(long).unwrap().write(), long);
    }

    #[test]
    fn refuses_what_its_schema_refuses() {
        for json in [
            "{}",
            "{",
            r#"{"host":"h"}"#,
            r#"{"host":"h","database":"d",}"#,
            r#"{"host":"h","database":"d" "port":1}"#,
            r#"{"host":"h","database":"d","port":0}"#,
            r#"{"host":"h","database":"d","port":65536}"#,
            r#"{"host":"h","database":"d","port":1.5}"#,
            r#"{"host":"h","database":"d","port":"1"}"#,
            r#"{"host":"h","database":"d","more":"x"}"#,
            r#"{"host":"h","database":["d"]}"#,
            r#"{"host":"h","database":"d","ssl_mode":"prefer"}"#,
            r#"{"host":"h\"","database":"d"}"#,
            "{\"host\":\"h\",\"database\":\"\u{7f}\"}",
        ] {
            assert_eq!(Config::read(json), None, "{json}");
        }
    }
}
