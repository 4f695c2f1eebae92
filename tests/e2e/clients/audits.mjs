// All audits of GraphQL over HTTP: each must be ok, none may warn.
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: process.argv[2] });
const results = await Promise.all(audits.map((audit) => audit.fn()));
const others = results.filter((result) => result.status !== 'ok');
for (const other of others) console.error(other.status, other.id, other.name, other.reason);
if (audits.length < 61 || others.length > 0) process.exit(1);
