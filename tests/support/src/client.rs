//! A small client for the HTTP API.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request, StatusCode};

/// Longer than the server takes for its slowest answer.
const TIMEOUT: Duration = Duration::from_mins(1);
const MAX_BODY_BYTES: u64 = 16 * 1024 * 1024;

/// Sends requests to one server, with headers that are the same each time.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    origin: String,
    headers: Vec<(String, String)>,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client without a token; `origin` is such as `http://127.0.0.1:8002`.
    pub fn new(origin: &str) -> Self {
        Self { agent: agent(TIMEOUT), origin: origin.to_owned(), headers: Vec::new() }
    }

    /// The same with connections of its own, which waits for an answer for at most so long.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { agent: agent(timeout), ..self.clone() }
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with_header("Authorization", &format!("Bearer {token}"))
    }

    /// The same in a project.
    #[must_use]
    pub fn with_project(&self, project: &str) -> Self {
        self.with_header("X-Project-ID", project)
    }

    /// The same with one header more.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Result<Reply> {
        self.send("GET", path, "")
    }

    /// `POST` of a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.with_header("Content-Type", "application/json").send("POST", path, body.to_string())
    }

    /// `PUT` of a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Result<Reply> {
        self.with_header("Content-Type", "application/json").send("PUT", path, body.to_string())
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Result<Reply> {
        self.send("DELETE", path, "")
    }

    /// Any method with any body. An answer of any status is a reply; only a request without an answer is an error.
    pub fn send(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Result<Reply> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = body.as_ref();
        let answer = if body.is_empty() && method != "POST" && method != "PUT" {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(body)?)
        };
        let mut answer = answer.with_context(|| format!("{method} {}{path}", self.origin))?;
        let body = answer.body_mut().with_config().limit(MAX_BODY_BYTES).read_to_string()?;
        Ok(Reply { status: answer.status(), headers: answer.headers().clone(), body })
    }
}

fn agent(timeout: Duration) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(timeout));
    config.build().new_agent()
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{}: the body is no JSON: {}", self.status, self.body))
    }

    /// A header, if it is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }
}
