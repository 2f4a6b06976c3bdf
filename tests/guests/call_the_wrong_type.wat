;; Calls a function by a type that it does not have.

(table 1 funcref)
(elem (i32.const 0) $get-manifest)
(type $other (func (param f64)))
(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (call_indirect (type $other) (f64.const 0) (i32.const 0))))
    (call $validate (local.get $request)))
