//! The pages at `/docs/codes/`: one for each code, and one that lists them. Without scripts, in the colours of the reader's
//! system.

use std::fmt::Write as _;

use crate::explanation::{self, Explanation};

/// Where the pages are; a code's name follows.
pub(super) const PATH: &str = "/docs/codes/";

/// The pages' own style, and nothing else.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { overflow-wrap: anywhere; font: 600 1.6rem/1.3 ui-monospace, monospace; }
h2 { margin-top: 2rem; font-size: 1.15rem; }
dt { font-weight: 600; }
dd { margin: 0 0 .75rem; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem; }
li { margin-bottom: .25rem; }
";

/// The file of this name below [`PATH`], with its media type; none where there is none.
pub(super) fn file(name: &str) -> Option<(&'static str, String)> {
    const HTML: &str = "text/html; charset=utf-8";
    match name {
        "" => Some((HTML, index())),
        "style.css" => Some(("text/css; charset=utf-8", STYLE.to_owned())),
        code => {
            let explanations = explanation::of(code);
            (!explanations.is_empty()).then(|| (HTML, page(code, &explanations)))
        }
    }
}

fn page(code: &str, explanations: &[Explanation]) -> String {
    let mut body = format!("<h1>{}</h1>\n", escaped(code));
    for explanation in explanations {
        let Explanation { kind, message, remedy, blame, .. } = *explanation;
        let example = serde_json::to_string_pretty(&explanation.example()).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = write!(
            body,
            "<h2>{kind}</h2>\n<p>{message}</p>\n<dl>\n<dt>What to do</dt><dd>{remedy}</dd>\n<dt>Whose \
             fault</dt><dd>{blame}</dd>\n<dt>A retry</dt><dd>{retry}</dd>\n<dt>Where it \
             stands</dt><dd>{place}</dd>\n</dl>\n<pre tabindex=\"0\"><code>{example}</code></pre>\n",
            kind = escaped(kind.name()),
            message = escaped(message),
            remedy = escaped(remedy),
            blame = escaped(blame),
            retry = explanation.retry(),
            place = escaped(&kind.place()),
            example = escaped(&example),
        );
    }
    let _ = writeln!(body, "<p><a href=\"{PATH}\">All codes</a></p>");
    document(&escaped(code), &body)
}

fn index() -> String {
    let mut body =
        "<h1>Codes</h1>\n<p>What the stable codes of answers, findings and connection tests mean.</p>\n".to_owned();
    let all: Vec<_> = explanation::all().collect();
    // Those of a kind stand together.
    for of_kind in all.chunk_by(|one, next| one.kind.name() == next.kind.name()) {
        let title = of_kind.first().map_or("", |explanation| explanation.kind.name());
        let _ = write!(body, "<h2>{title}</h2>\n<ul>\n");
        for Explanation { code, message, .. } in of_kind {
            let _ = writeln!(body, "<li><a href=\"{PATH}{code}\"><code>{code}</code></a> {}</li>", escaped(message));
        }
        body.push_str("</ul>\n");
    }
    document("Codes", &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title} – Patchpanel</title>\n<link rel=\"stylesheet\" \
         href=\"{PATH}style.css\">\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
