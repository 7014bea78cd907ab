"""Programs that found a fault: each printed a wrong answer, or none, once."""

from __future__ import annotations

from corpus.cases import Program

CASES = [
    Program(
        "a chain that is set through a local variable that may be another object",
        """
        class A: pass
        A1=A(); A2=A(); A1.t="terse "; A2.t="terse "
        @cached
        def f(q, flag=True):
            b = A1 if flag else A2
            b.t = "x "
            return ask(A2.t + q)
        print(f("q")); A2.t="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "two inner functions of one name",
        """
        class A: pass
        A=A(); A.t="terse "; A.u="u"
        @cached
        def f(q):
            if len(q) == 1:
                def pick(o): return o.t
            else:
                def pick(o): return o.u
            return ask(pick(A) + q)
        print(f("q")); A.t="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "an inner function whose name may be a helper",
        """
        class A: pass
        A=A(); A.t="terse "; A.u="u"
        def other(o): return o.u
        @cached
        def f(q):
            def pick(o): return o.t
            if q == "z": pick = other
            return ask(pick(A) + q)
        print(f("q")); A.t="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "an inner function under a decorator of one's own",
        """
        class A: pass
        A=A(); A.t="t"; A.u="terse "
        def deco(fn):
            def w(o): return fn(o) + o.u
            return w
        @cached
        def f(q):
            @deco
            def pick(o): return o.t
            return ask(pick(A) + q)
        print(f("q")); A.u="rude "; print(f("q"))
        """,
        "<tterse q> <trude q>",
    ),
    Program(
        "a loop whose variable is a global",
        """
        X=""; XS=["terse "]
        @cached
        def f(q):
            global X
            for X in XS: pass
            return ask(X + q)
        print(f("q")); X=""; XS=["rude "]; print(f("q"))
        """,
        "<terse q> <rude q>",
        warns=("SelfChanging",),
    ),
    Program(
        "an item that is set, of an object with a __getitem__ of its own",
        """
        class D:
            def __init__(s): s.d={}; s.prefix="terse "
            def __setitem__(s,k,v): s.d[k]=v
            def __getitem__(s,k): return s.prefix + "x"
        D=D()
        @cached
        def f(q):
            D["t"] = "x"
            return ask(D["t"] + q)
        print(f("q")); D.prefix="rude "; D.d={}; print(f("q"))
        """,
        "<terse xq> <rude xq>",
    ),
    Program(
        "an object whose metaclass answers to every name",
        """
        class M(type):
            def __getattr__(cls, name): return None
        class C(metaclass=M):
            def __init__(s,t): s.t=t
            def say(s): return s.t
        c=C("terse ")
        @cached
        def f(q): return ask(c.say() + q)
        @cached
        def g(x,q): return ask(x.t + q)
        print(f("q"), g(c,"q")); c.t="rude "; print(f("q"),g(c,"q"))
        """,
        "<terse q> <terse q> <rude q> <rude q>",
        calls=4,
    ),
    Program(
        "one method of two objects, given to a helper",
        """
        class B:
            def __init__(s,t): s.t=t
            def say(s): return s.t
        a=B("a "); b=B("terse ")
        def call(fn): return fn()
        @cached
        def f(q): return ask(call(a.say) + call(b.say)+ q)
        print(f("q")); b.t="rude "; print(f("q"))
        """,
        "<a terse q> <a rude q>",
    ),
    Program(
        "a value that is made lazily from an argument",
        """
        class B: p=None
        b=B(); b.p=None
        @cached
        def f(q):
            if b.p is None: b.p = q
            return ask(b.p + q)
        print(f("a"), f("b")); b.p=None; print(f("b"))
        """,
        "<aa> <ab> <bb>",
        warns=("SelfChanging",),
    ),
    Program(
        "super() in a helper, of an object that it is given",
        """
        class P:
            def say(s): return s.t
        class B(P):
            def say(s): return ""
        b=B(); b.t="terse "
        def up(o): return super(B, o).say()
        @cached
        def f(q): return ask(up(b)+ q)
        print(f("q")); b.t="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "get of a dict of one's own class",
        """
        class Cfg(dict): pass
        CFG=Cfg(t="terse ")
        @cached
        def f(q): return ask(CFG.get("t")+ q)
        print(f("q")); CFG["t"]="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "the length of a list of one's own class, and a loop through it",
        """
        class L(list): pass
        l=L([1])
        @cached
        def f(q): return ask(str(len(l))+ q)
        @cached
        def g(q):
            n=0
            for _ in l: n+=1
            return ask("n"+str(n)+ q)
        @cached
        def h(q): return ask(str(l[0])+q)
        print(f("q"),g("q"),h("q")); l.append(2); print(f("q"),g("q"),h("q"))
        """,
        "<1q> <n1q> <1q> <2q> <n2q> <1q>",
        calls=5,
    ),
    Program(
        "an object that enters by an inherited method",
        """
        import contextlib
        class S(contextlib.AbstractContextManager):
            def __exit__(self,*a): pass
        s1=S(); s1.t="terse "
        @cached
        def f(q):
            with s1 as s: return ask(s.t+ q)
        print(f("q")); s1.t="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a helper that goes through a linked list by calling itself",
        """
        class N:
            def __init__(s, t, n=None): s.t, s.n = t, n
        L = N("a ", N("terse "))
        def rec(n): return n.t + (rec(n.n) if n.n else "")
        @cached
        def f(q): return ask(rec(L) + q)
        print(f("q")); L.n.t = "rude "; print(f("q"))
        """,
        "<a terse q> <a rude q>",
    ),
    Program(
        "a chat that adds the answer to the history, of which another method reads what is sent",
        """
        class Model:
            def query(self, messages): return ask(self.prepared(messages))
            def prepared(self, messages):
                return " ".join(m["t"] for m in [{k: v for k, v in m.items() if k != "x"} for m in messages])
        class Chat:
            def __init__(self): self.messages=[{"t": "q"}]; self.model=Model()
            def add(self, *messages): self.messages.extend(messages)
            @cached
            def step(self):
                answer = self.model.query(self.messages)
                self.add({"t": "a"})
                return answer
        print(Chat().step(), Chat().step())
        """,
        "<q> <q>",
        warns=("SelfChanging",),
        calls=1,
    ),
    Program(
        "a chat that adds the answer to the history, of which only the last message is read",
        """
        def last(messages): return messages[-1]["t"]
        class Chat:
            def __init__(self): self.messages=[{"t": "q"}]
            @cached
            def step(self):
                answer = ask(last(self.messages))
                self.messages.append({"t": answer})
                return answer
        chat=Chat()
        print(chat.step(), chat.step(), Chat().step())
        """,
        "<q> <<q>> <q>",
        warns=("SelfChanging",),
        calls=2,
        second="<q> <q> <q>",
    ),
    Program(
        "a history that is replaced by a longer one",
        """
        class Chat:
            def __init__(self): self.messages=[{"t": "q"}]
            @cached
            def step(self):
                answer = ask(" ".join(m["t"] for m in self.messages if m["t"]))
                self.messages = [*self.messages, {"t": answer}]
                return answer
        print(Chat().step(), Chat().step())
        """,
        "<q> <q>",
        warns=("SelfChanging",),
        calls=1,
    ),
    Program(
        "a variable that is an attribute, or the item under a parameter of the same name",
        """
        D={"q": "terse "}
        class Box:
            r=None
            def __getitem__(self, k): return D[k]
        BOX=Box()
        @cached
        def f(r):
            prompt = BOX.r
            if prompt is None: prompt = BOX[r]
            return ask(prompt + r)
        print(f("q")); D["q"]="rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    *(
        Program(
            f"{what} that holds what has no form, and is changed in place",
            f"""
        D={data}
        def all_of(values): return "".join(each for each in values if type(each) is str)
        @cached
        def f(q): return ask(all_of(reversed({values})) + q)
        print(f("q")); {change}; print(f("q"))
        """,
            "<terse q> <rude q>",
            warns=("Untracked",),
        )
        for what, data, values, change in (
            ("a list", '[(i for i in ()), "terse "]', "D", 'D[1]="rude "'),
            ("a dict", '{"g": (i for i in ()), "tone": "terse "}', "D.values()", 'D["tone"]="rude "'),
        )
    ),
    *(
        Program(
            f"{what} whose items are gone through, read whole as well and changed deep inside",
            f"""
        import argparse
        D=[{item}]
        @cached
        def f(q):
            for each in D: q += str(len({read}))
            return ask("".join(map(str, D))[:0] + q)
        print(f("q")); {change}; print(f("q"))
        """,
            "<q1> <q1>",
            calls=2,
        )
        for what, item, read, change in (
            ("a list of objects", 'argparse.Namespace(a="x", b="t")', "each.a", 'D[0].b = "u"'),
            ("a list of dicts", '{"a": "x", "b": "t"}', 'each["a"]', 'D[0]["b"] = "u"'),
        )
    ),
    *(
        Program(
            f"{what} that is put into a class later, of which all counts",
            f"""
        class A:
            def __str__(self): return "terse "
            @property
            def p(self): return "terse "
            @staticmethod
            def s(): return "terse "
        O=A()
        @cached
        def f(q): return ask("".join({expression} for each in {values}) + q)
        print(f("q")); {change}; print(f("q"))
        """,
            "<terse q> <rude q>",
        )
        for what, values, expression, change in (
            ("a special method", "map(str, [O])", "each", 'A.__str__ = lambda self: "rude "'),
            ("a special method of what the call makes", "map(str, [A()])", "each", 'A.__str__ = lambda self: "rude "'),
            ("a property", "[O]", 'getattr(each, "p"[:1])', 'A.p = property(lambda self: "rude ")'),
            ("a static method", "[O]", 'getattr(each, "s"[:1])()', 'A.s = staticmethod(lambda: "rude ")'),
        )
    ),
    Program(
        "a closure value that printed, and does something else later",
        """
        OUT=["terse "]
        def rude(text): OUT[0] = "rude "
        def make():
            say = print
            def put(value):
                nonlocal say
                say = value
            @cached
            def f(q):
                say(end="")
                return ask(OUT[0] + q)
            return f, put
        f, put = make()
        print(f("q")); put(lambda end: rude(end)); print(f("q"))
        """,
        "<terse q> <rude q>",
        warns=("SelfChanging",),
    ),
    *(
        Program(
            f"{what} that changes in place",
            f"""
        import contextlib, functools
        {head}
        @cached
        def f(q): return ask({expression} + q)
        print(f("q")); {change}; print(f("q"))
        """,
            "<terse q> <rude q>",
        )
        for what, head, expression, change in (
            (
                "what a partial of one's own function holds",
                'def own(tone=""): return tone\n        P = functools.partial(own, tone="terse ")',
                "P()",
                'P.keywords["tone"] = "rude "',
            ),
            (
                "a default by name",
                'def own(*, tone="terse "): return tone',
                "own()",
                'own.__kwdefaults__["tone"] = "rude "',
            ),
            (
                "an attribute of a function that an installed decorator made",
                '@contextlib.contextmanager\n        def made(): yield\n        made.tone = "terse "',
                '"".join(getattr(each, "tonex"[:4]) for each in [made])',
                'made.tone = "rude "',
            ),
        )
    ),
]
