;; Writes a line to the log at a level that is none of the contract's cases.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (call $log (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 520) (i32.const 4))))
    (call $validate (local.get $request)))
