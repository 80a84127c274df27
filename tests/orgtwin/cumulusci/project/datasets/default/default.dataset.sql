BEGIN TRANSACTION;
CREATE TABLE "Thing__c" (
	id VARCHAR(255) NOT NULL,
	"Name" VARCHAR(255),
	"Amount__c" VARCHAR(255),
	PRIMARY KEY (id)
);
INSERT INTO "Thing__c" VALUES('Thing__c-1','First thing','12.5');
INSERT INTO "Thing__c" VALUES('Thing__c-2','Second thing','');
COMMIT;
