;; Takes table elements without end.

(table 1 funcref)
(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(func (export "patchpanel:connector/connector@1.0.0#validate") (param $request i32) (result i32)
    (if (call $triggered (local.get $request)) (then
        (loop $again
            (br_if $again (i32.ne (table.grow 0 (ref.null func) (i32.const 999)) (i32.const -1))))
        unreachable))
    (call $validate (local.get $request)))
