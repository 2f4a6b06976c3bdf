//! One-time codes: a link to the console that signs somebody in has one instead of a token, which a terminal or a browser's
//! history would keep. Development mode alone has them; in production people sign in with their identity provider.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::time::Instant;

use crate::http::Api;
use crate::http::authentication::{Authenticated, bearer};
use crate::http::error::ApiError;
use crate::random;
use crate::secrets::Secret;

/// How long a code can be used.
pub const LIFETIME: Duration = Duration::from_mins(1);

/// Codes at once; the oldest goes for a further one.
const MAX_CODES: usize = 16;

/// Codes that nobody has used yet, each with the token that it stands for.
#[derive(Debug, Default)]
pub struct Codes(Mutex<HashMap<String, (Secret, Instant)>>);

impl Codes {
    /// A code for this token.
    pub fn issue(&self, token: &str) -> String {
        let code = random::id().simple().to_string();
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, (_, issued)| issued.elapsed() < LIFETIME);
        if codes.len() >= MAX_CODES
            && let Some(oldest) = codes.iter().min_by_key(|(_, (_, issued))| *issued).map(|(code, _)| code.clone())
        {
            codes.remove(&oldest);
        }
        codes.insert(code.clone(), (Secret::new(token), Instant::now()));
        code
    }

    /// The token of a code, which is used up by that.
    fn redeem(&self, code: &str) -> Option<Secret> {
        let (token, issued) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(code)?;
        (issued.elapsed() < LIFETIME).then_some(token)
    }
}

/// `POST /console/codes` makes a code of the caller's own token, and `POST /console/token` the token of a code, which is the
/// credential of the scheme `Code`.
pub(in crate::http) fn routes(codes: &Arc<Codes>) -> Router<Arc<Api>> {
    let (issuing, redeeming) = (Arc::clone(codes), Arc::clone(codes));
    Router::new()
        .route("/console/codes", post(move |State(api), request| async move { issue(&issuing, &api, request).await }))
        .route("/console/token", post(move |request| async move { redeem(&redeeming, &request) }))
}

async fn issue(codes: &Codes, api: &Arc<Api>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    Authenticated::from_request_parts(&mut parts, api).await?;
    let token = bearer(&parts.headers)?.ok_or(ApiError::NoToken)?;
    let body = json!({ "code": codes.issue(token), "expires_in": LIFETIME.as_secs() });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn redeem(codes: &Codes, request: &Request) -> Result<Response, ApiError> {
    let credential = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let code = credential.and_then(|credential| credential.strip_prefix("Code "));
    let token = code.and_then(|code| codes.redeem(code)).ok_or(ApiError::NoToken)?;
    Ok(Json(json!({ "token": String::from_utf8_lossy(token.expose()) })).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_code_is_for_once_and_for_a_minute() {
        let codes = Codes::default();
        let code = codes.issue("token");
        assert!(code.len() == 32 && codes.redeem("another").is_none());
        assert_eq!(codes.redeem(&code).unwrap().expose(), b"token");
        assert!(codes.redeem(&code).is_none(), "it was for once");
        let late = codes.issue("token");
        tokio::time::advance(LIFETIME).await;
        assert!(codes.redeem(&late).is_none(), "it was for a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_code_goes_for_a_further_one() {
        let codes = Codes::default();
        let first = codes.issue("first");
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = codes.issue("second");
        for _ in 0..MAX_CODES - 1 {
            codes.issue("more");
        }
        assert!(codes.redeem(&first).is_none() && codes.redeem(&second).is_some());
        assert_eq!(codes.0.lock().unwrap().len(), MAX_CODES - 1);
    }
}
