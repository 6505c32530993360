-- http: PUT /items/{id}/picture
-- body: {parameter: raw, types: [image/png, application/octet-stream]}
UPDATE item SET raw = :raw WHERE id = :id
