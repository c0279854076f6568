-- One role and one database per service, for docker-compose.yml: the password is the service's name.
CREATE ROLE identity LOGIN PASSWORD 'identity';
CREATE DATABASE identity OWNER identity;
CREATE ROLE accounts LOGIN PASSWORD 'accounts';
CREATE DATABASE accounts OWNER accounts;
CREATE ROLE billing LOGIN PASSWORD 'billing';
CREATE DATABASE billing OWNER billing;
CREATE ROLE credits LOGIN PASSWORD 'credits';
CREATE DATABASE credits OWNER credits;
CREATE ROLE snapshots LOGIN PASSWORD 'snapshots';
CREATE DATABASE snapshots OWNER snapshots;
CREATE ROLE notifications LOGIN PASSWORD 'notifications';
CREATE DATABASE notifications OWNER notifications;
