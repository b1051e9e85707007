"""Everything that a schema is, as text: two databases of which this is equal are alike."""

from __future__ import annotations

import asyncpg

Catalog = dict[str, list[tuple[str, ...]]]

_OURS = "relnamespace = 'public'::regnamespace"
_ACL = """(
    SELECT string_agg(format('%%s %%s %%s %%s', coalesce(g.rolname, 'PUBLIC'), a.privilege_type,
        a.is_grantable, o.rolname), ', ' ORDER BY g.rolname, a.privilege_type)
    FROM aclexplode(%s) a LEFT JOIN pg_roles g ON g.oid = a.grantee
    JOIN pg_roles o ON o.oid = a.grantor
)"""
_OWNER = "pg_get_userbyid(%s)"

_QUERIES = {
    "relations": f"""
        SELECT c.relname, c.relkind, {_OWNER % "c.relowner"}, c.reloptions, c.relrowsecurity,
            c.relforcerowsecurity, c.relpersistence, c.relreplident, {_ACL % "c.relacl"}
        FROM pg_class c WHERE {_OURS}""",
    "columns": f"""
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity, a.attgenerated, a.attcollation::regcollation, a.attstorage,
            a.attstattarget, pg_get_expr(d.adbin, d.adrelid), a.attisdropped, {_ACL % "a.attacl"}
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {_OURS} AND a.attnum > 0""",
    "constraints": """
        SELECT conrelid::regclass, conname, contype, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": f"""
        SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisunique, i.indisvalid
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE {_OURS}""",
    "triggers": f"""
        SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE {_OURS}""",
    "views": f"""
        SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c
        WHERE {_OURS} AND c.relkind = 'v'""",
    "functions": f"""
        SELECT p.oid::regprocedure, pg_get_functiondef(p.oid), {_OWNER % "p.proowner"},
            {_ACL % "p.proacl"}
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace""",
    "types": f"""
        SELECT t.typname, t.typtype, {_OWNER % "t.typowner"}, {_ACL % "t.typacl"}
        FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace""",
    "policies": """
        SELECT polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[],
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy""",
    "comments": """
        SELECT d.classoid::regclass, i.type, i.identity, d.description
        FROM pg_description d
        CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
        WHERE i.schema = 'public' OR d.classoid = 'pg_policy'::regclass""",
    "schemas": f"""
        SELECT n.nspname, {_OWNER % "n.nspowner"}, {_ACL % "n.nspacl"}
        FROM pg_namespace n WHERE n.nspname NOT LIKE 'pg\\_%'""",
    "defaults": f"""
        SELECT {_OWNER % "d.defaclrole"}, d.defaclnamespace, d.defaclobjtype, {_ACL % "d.defaclacl"}
        FROM pg_default_acl d""",
    "extensions": "SELECT extname, extversion FROM pg_extension",
}


async def catalog(connection: asyncpg.Connection) -> Catalog:
    """By kind of thing; each thing is a row of words, and rows are sorted."""
    return {
        kind: sorted(tuple(str(word) for word in row) for row in await connection.fetch(query))
        for kind, query in _QUERIES.items()
    }
