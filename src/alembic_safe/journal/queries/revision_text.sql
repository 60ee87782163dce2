-- The text of a revision's file.
SELECT text FROM journal.revision_file WHERE checksum = :checksum
