;; The well-behaved half of the connectors as text: what they say of themselves and answer, at fixed places in memory, and
;; functions for it. A connector is a module of these fields, its type name at 256, and the fields of its own file, which
;; exports `memory`, `cabi_realloc` and `validate`.
;;
;; A string or list is its place and its length; an option is a tag and then the value. Records are laid out as the
;; canonical ABI has them.

(import "patchpanel:connector/log@1.0.0" "write" (func $log (param i32 i32 i32 i32 i32)))

;; Texts
(data (i32.const 512) "1.0.0")
(data (i32.const 520) "Text")
(data (i32.const 528) "A connector for tests.")
(data (i32.const 560) "database_config")
(data (i32.const 576) "basic")
(data (i32.const 584) "data")
(data (i32.const 592) "{/host}")
(data (i32.const 600) "{/port}")
(data (i32.const 608) "{/mode}")
(data (i32.const 616) "postgres")
(data (i32.const 624) "127.0.0.1")
(data (i32.const 640) "password")
(data (i32.const 648) "username")
(data (i32.const 656) "database")
(data (i32.const 664) "sales")
(data (i32.const 704) "{\"host\":\"127.0.0.1\",\"port\":5432,\"database\":\"sales\"}") ;; 51
(data (i32.const 768) ;; 207
    "{\"type\":\"object\",\"properties\":{\"host\":{\"type\":\"string\"},\"port\":{\"type\":\"integer\"},"
    "\"database\":{\"type\":\"string\"},\"trigger\":{\"type\":\"string\"}},\"required\":[\"host\",\"port\",\"database\"],"
    "\"additionalProperties\":false}")
(data (i32.const 1280) ;; 136
    "{\"type\":\"object\",\"properties\":{\"username\":{\"type\":\"string\",\"x-secret\":false},"
    "\"password\":{\"type\":\"string\"}},\"additionalProperties\":false}")

;; The manifest at 16, with its lists
(data (i32.const 24) (i32 512 5) (i32 520 4) (i32 528 22) (i32 560 15) (i32 768 207))
(data (i32.const 76) (i32 1536 1) (i32 1568 1) (i32 1632 1) (i32 1640 1))
(data (i32.const 1536) (i32 576 5) (i32 520 4) (i32 1280 136))
(data (i32.const 1568) (i32 584 4) (i32 592 7) (i32 600 7) (i32 608 7))
(data (i32.const 1632) (i32 616 8))
(data (i32.const 1640) (i32 704 51))

;; The descriptor of the example at 1904, with its lists: an endpoint, an authentication, parameters
(data (i32.const 1664) (i32 584 4) (i32 624 9) (i32 5432))
(data (i32.const 1776) (i32 584 4) (i32 640 8) (i32 1808 2))
(data (i32.const 1808) (i32 648 8) (i32 1 648 8))
(data (i32.const 1836) (i32 640 8) (i32 1 640 8))
(data (i32.const 1872) (i32 656 8) (i32 0 664 5))
(data (i32.const 1908) (i32 616 8) (i32 1664 1) (i32 1776 1) (i32 1872 1))

;; Where the next allocation is. The verdict is at 1952.
(global $next (mut i32) (i32.const 4096))

(func $realloc (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $place i32)
    (local.set $place
        (i32.and
            (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $place) (local.get $size)))
    (local.get $place))

;; Whether the configuration is longer than it can be without a trigger.
(func $triggered (param $request i32) (result i32)
    (i32.gt_u (i32.load offset=28 (local.get $request)) (i32.const 60)))

(func $get-manifest (export "patchpanel:connector/connector@1.0.0#get-manifest") (result i32)
    (i32.const 16))

;; Accepts the configuration as it is.
(func $validate (param $request i32) (result i32)
    (i32.store (i32.const 1960) (i32.const 1))
    (i32.store (i32.const 1964) (i32.load offset=24 (local.get $request)))
    (i32.store (i32.const 1968) (i32.load offset=28 (local.get $request)))
    (i32.const 1952))

(func $describe (export "patchpanel:connector/connector@1.0.0#describe") (param $request i32) (result i32)
    (i32.const 1904))
