-- Which foreign keys are there, and what do they do when a referenced row goes or changes?
SELECT conrelid::bigint, confrelid::bigint, confdeltype::text, confupdtype::text
  FROM pg_catalog.pg_constraint
 WHERE contype = 'f'
