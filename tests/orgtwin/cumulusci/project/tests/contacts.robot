*** Settings ***
Resource        cumulusci/robotframework/Salesforce.robot
Test Teardown   Delete Session Records

*** Test Cases ***
A contact is inserted, changed, queried and deleted
    ${id}=          Salesforce Insert  Contact  FirstName=Ada  LastName=Byron
    Salesforce Update  Contact  ${id}  LastName=Lovelace
    &{contact}=     Salesforce Get  Contact  ${id}
    Should Be Equal  ${contact}[Name]  Ada Lovelace
    @{found}=       Salesforce Query  Contact  select=Id  LastName=Lovelace
    Length Should Be  ${found}  1
    Salesforce Delete  Contact  ${id}
    ${left}=        SOQL Query  SELECT COUNT(Id) n FROM Contact WHERE LastName = 'Lovelace'
    Should Be Equal As Numbers  ${left}[records][0][n]  0

Records are inserted as a collection
    @{contacts}=    Generate Test Data  Contact  3  LastName=Someone {{number}}
    @{saved}=       Salesforce Collection Insert  ${contacts}
    Length Should Be  ${saved}  3
