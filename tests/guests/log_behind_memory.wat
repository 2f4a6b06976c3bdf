;; Writes a line to the log that lies behind the memory.

(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 131000) (i32.const 1000))))
    (call $validate (local.get $request)))
